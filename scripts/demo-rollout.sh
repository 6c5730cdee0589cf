#!/usr/bin/env bash
# A rollout that rolls itself back, before your eyes: a canary that fails a fifth of its requests is taken back after a
# few of them; then a good one goes to 100 % and bakes. Installs what is missing, builds, starts everything and stops it.
#
#   scripts/demo-rollout.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
proxy_port=8080 main_port=9001 canary_port=9002 admin_port=9900
ports=("$proxy_port" "$main_port" "$canary_port" "$admin_port")
# shellcheck source=scripts/demo-common.sh
. "$root/scripts/demo-common.sh"

usage() { sed -n '2,5s/^# \{0,1\}//p' "$0"; }

case "${1:-}" in
  '') ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

write_config() {
  cat <<CONFIG
state_dir: $work/state
admin: {address: "127.0.0.1:$admin_port"}
access_logs: {enabled: false}
listeners:
  - name: http
    port: $proxy_port
    rules:
      - name: shop
        priority: 10
        conditions: [{path_pattern: ["/*"]}]
        action:
          forward:
            target_groups: [{name: app-main, weight: 100}, {name: app-canary, weight: 0}]
    default_action: {fixed_response: {status_code: 404}}
target_groups:
  - {name: app-main, targets: ["127.0.0.1:$main_port"]}
  - {name: app-canary, targets: ["127.0.0.1:$canary_port"]}
rollouts:
  - name: checkout
    rule: http/shop
    stable: app-main
    canary: app-canary
    steps:
      - set_weight: 10%
      - analysis: {min_canary_requests: 40}
      - set_weight: 50%
      - analysis: {min_canary_requests: 50}
      - set_weight: 100%
    bake_time: 3s
CONFIG
}

# Users, one request each, as fast as curl is; what each got is a line in $work/answers.
send_users() {
  while :; do
    request -o "$work/body" -w '%{http_code}\n' --max-time 10 "http://127.0.0.1:$proxy_port/" >>"$work/answers" 2>/dev/null || true
  done
}

start_canary() {
  start app-canary env APP_NAME=app-canary PORT=$canary_port "$bin/kanaria-echo" "$@"
  canary_pid=$last_pid
  await app-canary "$canary_pid" request -o "$work/body" "http://127.0.0.1:$canary_port/"
}

rollout() { "$bin/kanaria" rollout "$@" --admin "127.0.0.1:$admin_port"; }

# roll REVISION EXPECTED: starts it, waits for its end, and shows it.
roll() {
  local result=0
  : >"$work/answers"
  rollout start checkout --revision "$1"
  rollout status checkout --wait --timeout 60s || result=$?
  [ "$result" -eq "$2" ] || fail "the rollout of $1 ended otherwise than it should: $result"
  echo
  echo "$(grep -vc '^200$' "$work/answers" || true) of $(wc -l <"$work/answers") users saw an error."
}

prepare
mkdir "$work/state"
write_config >"$work/kanaria.yaml"

say "Starting an application, a canary that fails 20 % of its requests, and kanaria"
start app-main env APP_NAME=app-main PORT=$main_port "$bin/kanaria-echo"
await app-main "$last_pid" request -f "http://127.0.0.1:$main_port/"
start_canary --fail-rate 0.2
start kanaria "$bin/kanaria" serve --config "$work/kanaria.yaml"
await kanaria "$last_pid" "$bin/kanaria" healthcheck --admin "127.0.0.1:$admin_port"
send_users &
pids+=("$!")

say "Rolling out the bad one, from 10 %"
roll bad 1

say "Replacing it by a good one, and rolling that out"
kill -TERM "$canary_pid"
wait "$canary_pid" 2>/dev/null || true
start_canary
roll good 0
rollout promote checkout
