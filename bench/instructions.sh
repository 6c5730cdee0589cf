#!/usr/bin/env bash
# User-space instructions per request of kanaria (and HAProxy) in the steady state, counted by callgrind: for
# comparisons of 2 % and less, which a shared machine can't time. Installs what is missing, builds, counts.
#
#   bench/instructions.sh [OPTION...]
#
# KANARIA_BIN=FOLDER takes the programs there and builds nothing.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # haproxy, which a user's PATH lacks
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }

build() {
  cd "$root"
  [ -f build/release/build.ninja ] || cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release --target kanaria
}

case " $* " in
  *' -h '* | *' --help '*)
    usage
    exec /usr/bin/python3 "$root/bench/instructions.py" --help
    ;;
esac

"$root/scripts/setup.sh" --bench
if [ -z "${KANARIA_BIN:-}" ]; then
  (build)
  export KANARIA_BIN=$root/build/release/bin
fi
exec /usr/bin/python3 "$root/bench/instructions.py" "$@"
