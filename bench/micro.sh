#!/usr/bin/env bash
# What the small pieces of a request cost: split, pick, rule match, heads, access-log line. Installs what is missing,
# builds, and measures with Google Benchmark.
#
#   bench/micro.sh [OPTION...]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() { sed -n '2,5s/^# \{0,1\}//p' "$0"; }

build() {
  local options=()
  cd "$root"
  [ -f build/release/build.ninja ] || options=(-DBUILD_TESTING=OFF)
  cmake --preset release "${options[@]}" >/dev/null # also a tree that is there: it may not have found the library
  cmake --build --preset release --target micro
}

case " $* " in
  *' -h '* | *' --help '*)
    usage
    exec /usr/bin/python3 "$root/bench/micro.py" --help
    ;;
esac

"$root/scripts/setup.sh" --bench
(build)
exec /usr/bin/python3 "$root/bench/micro.py" "$@"
