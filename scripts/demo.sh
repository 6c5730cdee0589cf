#!/usr/bin/env bash
# The main job, before your eyes: 200 requests are split 180 : 20, then the weights are changed while it runs and the
# next 200 are split 100 : 100. Installs what is missing, builds, starts everything and stops it again.
#
#   scripts/demo.sh [--keep]
#
#   --keep    leave everything running at the end, and say how to play on
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requests=200
proxy_port=8080 main_port=9001 canary_port=9002 admin_port=9900 # as in config/canary.yaml
ports=("$proxy_port" "$main_port" "$canary_port" "$admin_port")
keep=no
# shellcheck source=scripts/demo-common.sh
. "$root/scripts/demo-common.sh"

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }

case "${1:-}" in
  '') ;;
  --keep) keep=yes ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

# Sends the requests one after another, as anyone would with curl, and counts who answered.
count_answers() {
  local main=0 canary=0 other=0 number answer
  for ((number = 1; number <= requests; number++)); do
    answer=$(request --max-time 10 "http://127.0.0.1:$proxy_port/" || true)
    case "$answer" in
      'APP_NAME: app-main') main=$((main + 1)) ;;
      'APP_NAME: app-canary') canary=$((canary + 1)) ;;
      *) other=$((other + 1)) ;;
    esac
    show_progress "$number" "$main" "$canary"
  done
  echo
  echo "Canary responses: $canary"
  echo "Main responses: $main"
  [ "$other" -eq 0 ] || fail "$other answers came from neither application"
  [ "$canary:$main" = "$1:$2" ] || fail "expected $1 canary and $2 main responses"
}

show_progress() {
  if [ -t 1 ]; then
    printf '\r  %3d of %d requests   app-main %3d   app-canary %3d' "$1" "$requests" "$2" "$3"
  elif (($1 % 50 == 0)); then
    printf '  %3d of %d requests   app-main %3d   app-canary %3d\n' "$1" "$requests" "$2" "$3"
  fi
}

metric() { request -f "http://127.0.0.1:$admin_port/metrics" | sed -n "s/^kanaria_$1 //p"; }
reloaded_since() { [ "$(metric config_last_reload_timestamp_seconds)" != "$1" ]; }

prepare
config=$work/canary.yaml
cp "$root/config/canary.yaml" "$config"

say "Starting two applications and kanaria with a copy of config/canary.yaml"
start app-main env APP_NAME=app-main PORT=$main_port "$bin/kanaria-echo"
await app-main "$last_pid" request -f "http://127.0.0.1:$main_port/"
start app-canary env APP_NAME=app-canary PORT=$canary_port "$bin/kanaria-echo"
await app-canary "$last_pid" request -f "http://127.0.0.1:$canary_port/"
start kanaria "$bin/kanaria" serve --config "$config"
kanaria_pid=$last_pid
await kanaria "$kanaria_pid" "$bin/kanaria" healthcheck --admin "127.0.0.1:$admin_port"
grep -E 'name: app-(main|canary), weight' "$config"

say "$requests requests at 90 : 10"
count_answers 20 180

say "Changing the weights to 50 : 50 and sending SIGHUP"
before=$(metric config_last_reload_timestamp_seconds)
sed -i -e 's/\(name: app-main, weight:\) 90/\1 50/' -e 's/\(name: app-canary, weight:\) 10/\1 50/' "$config"
grep -E 'name: app-(main|canary), weight' "$config"
kill -HUP "$kanaria_pid"
await kanaria "$kanaria_pid" reloaded_since "$before"

say "$requests requests at 50 : 50"
count_answers $((requests / 2)) $((requests / 2))

if [ "$keep" = yes ]; then
  trap - EXIT INT TERM
  say "Everything keeps running. To play on:"
  cat <<PLAY
  $bin/kanaria probe http://127.0.0.1:$proxy_port/ -n 1000
  \$EDITOR $config && $bin/kanaria reload
  curl http://127.0.0.1:$admin_port/metrics
  tail -f $work/kanaria.log                       # events and the access log
To stop it:
  kill ${pids[*]} && rm -r $work
PLAY
fi
