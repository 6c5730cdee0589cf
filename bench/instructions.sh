#!/usr/bin/env bash
# User-space instructions per request of kanaria (and HAProxy) in the steady state, counted by callgrind: for comparisons of 2 %
# and less, which a shared machine can't time. Installs what is missing, builds, counts.
#
#   bench/instructions.sh [OPTION...]     `bench/instructions.py --help` lists the options
#
# KANARIA_BIN=FOLDER takes the programs there and builds nothing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

case "${1:-}" in -h | --help) exec /usr/bin/python3 bench/instructions.py --help ;; esac
"$root/scripts/setup.sh" --bench
if [ -z "${KANARIA_BIN:-}" ]; then
  [ -f build/release/build.ninja ] || cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release --target kanaria
  export KANARIA_BIN=$root/build/release/bin
fi
exec /usr/bin/python3 bench/instructions.py "$@"
