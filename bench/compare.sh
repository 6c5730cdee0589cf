#!/usr/bin/env bash
# kanaria beside HAProxy, nginx and a byte relay: CPU per request, memory, start. Installs what is missing, builds, measures.
# On Debian 12, as root or with sudo, from a fresh clone in under 15 minutes.
#
#   bench/compare.sh [OPTION...]     `bench/compare.py --help` lists the options
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

"$root/scripts/setup.sh" --bench
[ -f build/release/build.ninja ] || cmake --preset release -DBUILD_TESTING=OFF
cmake --build --preset release --target bench
exec /usr/bin/python3 bench/compare.py "$@"
