#!/usr/bin/env bash
# kanaria beside HAProxy, nginx and a byte relay: CPU per request, memory, start. Installs what is missing, builds,
# measures. On Debian 12, as root or with sudo, from a fresh clone in under 15 minutes.
#
#   bench/compare.sh [OPTION...]
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # haproxy and nginx, which a user's PATH lacks
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() { sed -n '2,5s/^# \{0,1\}//p' "$0"; }

build() {
  cd "$root"
  [ -f build/release/build.ninja ] || cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release --target bench
}

case " $* " in
  *' -h '* | *' --help '*)
    usage
    exec /usr/bin/python3 "$root/bench/compare.py" --help
    ;;
esac

if [ "$(nproc)" -lt 2 ]; then
  echo "compare.sh: it takes two CPUs: one for the proxy, one for load and target" >&2
  exit 1
fi
"$root/scripts/setup.sh" --bench
(build)
exec /usr/bin/python3 "$root/bench/compare.py" "$@"
