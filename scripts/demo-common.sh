# shellcheck shell=bash disable=SC2034,SC2154
# What the demos share: starting programs and awaiting them, ports, and the build. Sourced; whoever does so has set root,
# ports (those that must be free), and errexit.

bin=$root/build/release/bin
pids=()

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

stop_all() {
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}

require_free_ports() {
  local port
  for port in "${ports[@]}"; do
    # A connection that succeeds means that someone listens.
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      fail "port $port is in use. Stop what listens there (ss -ltnp 'sport = :$port' names it) and start again."
    fi
  done
}

# A proxy in the environment would stand between the demo and itself.
request() { curl -sS --noproxy '*' "$@"; }

# start NAME COMMAND...: in the background, its output in $work/NAME.log.
start() {
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 </dev/null &
  pids+=("$!")
  last_pid=$!
}

# await NAME PID COMMAND...: until COMMAND succeeds, the process ends or ten seconds have passed.
await() {
  local name=$1 pid=$2 attempt
  shift 2
  for ((attempt = 0; attempt < 200; attempt++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    if ! kill -0 "$pid" 2>/dev/null; then
      cat "$work/$name.log" >&2
      fail "$name has ended"
    fi
    sleep 0.05
  done
  cat "$work/$name.log" >&2
  fail "$name is not ready after ten seconds"
}

# Installs, builds, and makes $work, which goes with everything that was started when the demo ends.
prepare() {
  require_free_ports
  say "Installing what is missing"
  "$root/scripts/setup.sh" --build

  say "Building (build/release)"
  cd "$root" || exit
  [ -f build/release/build.ninja ] || cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release --target kanaria kanaria-echo

  require_free_ports # building may have taken minutes
  work=$(mktemp -d "${TMPDIR:-/tmp}/kanaria-demo.XXXXXX")
  trap stop_all EXIT
  trap 'exit 130' INT TERM
}
