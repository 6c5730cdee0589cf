#!/usr/bin/env bash
# Builds both images without a container engine, on a base that debootstrap makes, and runs them as docker/compose.yaml
# does: kanaria before two applications, the weights edited from outside, health, drain. On Debian 12, as root.
#
#   docker/check.sh [--keep]
#
#   --keep    leave the images in build/containers, so that the next run builds only what has changed
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # ip and debootstrap, when su has kept a user's PATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
store=$root/build/containers
base=localhost/kanaria-base
url=http://127.0.0.1:8080/ # as in docker/kanaria/kanaria.yaml
size_limit=60              # MiB over the base
keep=no
declare -A pids=()

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }
say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'check.sh: %s\n' "$*" >&2
  exit 1
}

case "${1:-}" in
  '') ;;
  --keep) keep=yes ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac
[ "$(id -u)" -eq 0 ] || fail "run it as root: it mounts file systems and makes a network"

# expect WHAT WANTED FOUND
expect() {
  [ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"
  printf '  ok  %s: %s\n' "$1" "${2//$'\n'/, }"
}

# expect_exit WHAT CODE COMMAND...
expect_exit() {
  local what=$1 wanted=$2 code=0
  shift 2
  "$@" >>"$work/commands.log" 2>&1 || code=$?
  expect "$what exits with" "$wanted" "$code"
}

# await NAME COMMAND...: until COMMAND succeeds, for thirty seconds, while the container NAME runs.
await() {
  local name=$1 deadline=$((SECONDS + 30))
  shift
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "${pids[$name]}" 2>/dev/null || [ $SECONDS -gt $deadline ]; then
      cat "$work/$name.err" >&2
      fail "$name has ended, or this didn't come true: $*"
    fi
    sleep 0.1
  done
}

clean_up() {
  local name
  for name in "${!pids[@]}"; do
    kill -KILL "$(program_of "$name")" 2>/dev/null || true
    wait "${pids[$name]}" 2>/dev/null || true
  done
  ip netns delete "$network" 2>/dev/null || true
  "${buildah[@]}" rm --all >/dev/null || true
  if [ "$keep" = no ]; then
    "${buildah[@]}" rmi --all --force >/dev/null || true
    rm -rf --one-file-system "$store"
  fi
  rm -rf "$work"
}

# --- images ---

# Overlays are quick but don't work on every file system: not on another overlay, for one.
choose_driver() {
  local probe
  buildah+=(--storage-driver overlay)
  if probe=$("${buildah[@]}" from scratch 2>/dev/null) && "${buildah[@]}" mount "$probe" >/dev/null 2>&1; then
    "${buildah[@]}" rm "$probe" >/dev/null
  else
    buildah[-1]=vfs
  fi
}

# A bare Debian 12 that gets its packages from where this machine gets its own; from debootstrap's own choice when that
# is nothing that debootstrap can read.
make_base() {
  local container tree sources mirror options=(--variant=minbase)
  sources=$(apt-get indextargets --format "deb \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
    'Created-By: Packages' 'Origin: Debian' | sed -En '/^deb https?:/p')
  mirror=$(awk '$3 == "bookworm" {print $2; exit}' <<<"$sources")
  [[ $sources != *https:* ]] || options+=(--include=ca-certificates)
  eval "$(apt-config shell http_proxy Acquire::http::Proxy)" # debootstrap looks for it in the environment
  [ -z "${http_proxy:-}" ] || export http_proxy
  container=$("${buildah[@]}" from scratch)
  tree=$("${buildah[@]}" mount "$container")
  debootstrap "${options[@]}" bookworm "$tree" ${mirror:+"$mirror"}
  [ -z "$sources" ] || echo "$sources" >"$tree/etc/apt/sources.list"
  apt-config dump | sed -En '/^Acquire::(https?|Check-[A-Za-z-]+|Retries|ForceIPv[46])\b/p' \
    >"$tree/etc/apt/apt.conf.d/90host"
  rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/*
  "${buildah[@]}" commit --quiet --rm "$container" "$base"
}

# Docker's format, because OCI's has no HEALTHCHECK.
build() {
  "${buildah[@]}" bud --isolation chroot --format docker --layers --build-arg "BASE=$base" \
    --file docker/Dockerfile --target "$1" --tag "$1" .
}

# The bytes of an image's layers, not compressed.
size_of() {
  "${buildah[@]}" push --quiet --disable-compression "$1" "dir:$work/layers"
  du -sb "$work/layers" | cut -f1
  rm -r "$work/layers"
}

# config_of IMAGE FIELD; list_of IMAGE FIELD: one item a line.
config_of() { "${buildah[@]}" inspect --type image --format "{{.Docker.Config.$2}}" "$1"; }
list_of() {
  "${buildah[@]}" inspect --type image --format "{{range .Docker.Config.$2}}{{println .}}{{end}}" "$1" | sed '/^$/d'
}

# --- containers, in a network of their own: they need no port of this machine ---

in_network() { nsenter --net="/run/netns/$network" "$@"; }
request() { in_network curl -sS --noproxy '*' --max-time 60 "$@"; }

# run NAME COMMAND...: with what compose.yaml gives to NAME, also beside what runs there already.
run() {
  local name=$1 options=(--isolation chroot --cap-drop ALL)
  case "$name" in
    kanaria) options+=(--volume "$work/etc:/etc/kanaria:ro") ;;
    app-main) options+=(--env APP_NAME=app-main --env PORT=9001) ;;
    app-canary) options+=(--env APP_NAME=app-canary --env PORT=9002) ;;
  esac
  shift
  in_network "${buildah[@]}" run "${options[@]}" "$name" -- "$@"
}

# create NAME IMAGE
create() {
  "${buildah[@]}" from --name "$1" --add-host app-main:127.0.0.1 --add-host app-canary:127.0.0.1 "$2" >/dev/null
}

# start NAME IMAGE: what the image says, in the background.
start() {
  local command
  mapfile -t command < <(list_of "$2" Entrypoint && list_of "$2" Cmd)
  run "$1" "${command[@]}" >"$work/$1.out" 2>"$work/$1.err" </dev/null &
  pids[$1]=$!
}

# The process in the container: signals go to it, as an engine sends them. buildah's own stand between.
program_of() {
  local pid=${pids[$1]} child
  while child=$(pgrep --parent "$pid"); do pid=$child; done
  echo "$pid"
}

# health NAME IMAGE: the image's HEALTHCHECK, as an engine runs it.
health() {
  local test
  mapfile -t test < <(list_of "$2" Healthcheck.Test)
  case "${test[0]}" in
    CMD) run "$1" "${test[@]:1}" ;;
    CMD-SHELL) run "$1" /bin/sh -c "${test[1]}" ;;
  esac
}

# change SED_SCRIPT: as editors do it, a new file takes the name of the old one.
change() {
  sed "$1" "$work/etc/kanaria.yaml" >"$work/etc/new"
  mv "$work/etc/new" "$work/etc/kanaria.yaml"
}

# shellcheck disable=SC2317  # these three are called by name, through await
{
  has_reloaded_since() { [ "$(metric config_last_reload_timestamp_seconds)" != "$1" ]; }
  has_refused_reload() { [ "$(metric config_last_reload_success)" = 0 ]; }
  is_in_flight() { request http://127.0.0.1:9900/metrics | grep -q '^kanaria_target_in_flight.* 1$'; }
}
metric() { request http://127.0.0.1:9900/metrics | sed -n "s/^kanaria_$1 //p"; }

# expect_split MAIN CANARY
expect_split() {
  expect "of 200 requests" "$1 APP_NAME: app-main"$'\n'"$2 APP_NAME: app-canary" \
    "$(request --write-out '\n' "$url?[1-200]" | sort -r | uniq -c | sed 's/^ *//')"
}

"$root/scripts/setup.sh" --containers
work=$(mktemp -d "${TMPDIR:-/tmp}/kanaria-containers.XXXXXX")
network=${work##*/}
mkdir -p "$store"
buildah=(buildah --root "$store" --runroot "$work/run")
trap clean_up EXIT
trap 'exit 130' INT TERM
choose_driver
cd "$root"

if ! "${buildah[@]}" inspect --type image "$base" >/dev/null 2>&1; then
  say "Making a base image"
  make_base
fi
for image in kanaria kanaria-echo; do
  say "Building the image $image"
  build "$image"
done

say "What the images say"
expect "kanaria's entrypoint and command" $'kanaria\nserve' "$(list_of kanaria Entrypoint && list_of kanaria Cmd)"
expect "kanaria's signal to stop" SIGTERM "$(config_of kanaria StopSignal)"
for image in kanaria kanaria-echo; do
  expect "$image's user" 10001:10001 "$(config_of "$image" User)"
  added=$(($(size_of "$image") - $(size_of "$base")))
  mib=$(awk -v bytes="$added" 'BEGIN {printf "%.1f", bytes / 1048576}')
  [ "$added" -le $((size_limit * 1048576)) ] || fail "$image adds $mib MiB to the base, more than $size_limit"
  echo "  ok  $image adds $mib MiB to the base, of at most $size_limit"
done

say "Start"
ip netns add "$network"
ip -netns "$network" link set lo up
cp -r docker/kanaria "$work/etc"
create app-main kanaria-echo
create app-canary kanaria-echo
create kanaria kanaria
for app in app-main app-canary; do
  start "$app" kanaria-echo
  await "$app" health "$app" kanaria-echo
done
expect_exit "kanaria check" 0 run kanaria kanaria check --strict /etc/kanaria/kanaria.yaml
expect_exit "before the start, HEALTHCHECK" 1 health kanaria kanaria
start kanaria kanaria
await kanaria health kanaria kanaria
expect_exit "kanaria healthcheck" 0 run kanaria kanaria healthcheck
expect "user of the process" 10001 "$(awk '/^Uid:/ {print $2}' "/proc/$(program_of kanaria)/status")"
expect_split 180 20

say "An edit and HUP"
before=$(metric config_last_reload_timestamp_seconds)
change 's/weight: [0-9]*/weight: 50/'
kill -HUP "$(program_of kanaria)"
await kanaria has_reloaded_since "$before"
expect_split 100 100

say "An edit and kanaria reload"
change '/name: app-main, weight/s/50/150/'
expect_exit "kanaria reload" 0 run kanaria kanaria reload
expect_split 150 50

say "A faulty edit and HUP"
change 's/weight: 50/weight: fifty/'
kill -HUP "$(program_of kanaria)"
await kanaria has_refused_reload
expect_exit "kanaria healthcheck" 78 run kanaria kanaria healthcheck
expect_exit "HEALTHCHECK" 0 health kanaria kanaria
expect_split 150 50
change 's/weight: fifty/weight: 50/'

say "TERM while a request is on its way"
mkfifo "$work/body"
request --upload-file - "$url" <"$work/body" >"$work/answer" &
upload=$!
exec 3>"$work/body"
printf 'first half, ' >&3
await kanaria is_in_flight
kill -TERM "$(program_of kanaria)"
expect_exit "while it drains, kanaria healthcheck" 1 run kanaria kanaria healthcheck
expect_exit "a new connection" 7 request "$url"
printf 'second half' >&3
exec 3>&-
expect_exit "the request" 0 wait "$upload"
expect "its answer" "APP_NAME: app" "$(grep -o 'APP_NAME: app' "$work/answer")"
expect_exit "kanaria" 0 wait "${pids[kanaria]}"
unset 'pids[kanaria]'
expect "lines in the access log, on stdout" 801 "$(wc -l <"$work/kanaria.out")"
expect "files that it wrote" 0 "$(find "$("${buildah[@]}" mount kanaria)" -xdev -user 10001 | wc -l)"
