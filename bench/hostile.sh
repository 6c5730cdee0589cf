#!/usr/bin/env bash
# What hostile clients cost: how long well-behaved requests take among 3,000 slow clients, how much memory the largest
# messages take by the thousand, how soon it serves again after it had no file descriptor left. Installs what is
# missing, builds, measures; ends with 1 when an aim is not reached. On Debian 12, as root or with sudo; it takes about
# two minutes.
#
#   bench/hostile.sh [OPTION...]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }

build() {
  cd "$root"
  [ -f build/release/build.ninja ] || cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release --target kanaria bench_target
}

case " $* " in
  *' -h '* | *' --help '*)
    usage
    exec /usr/bin/python3 "$root/bench/hostile.py" --help
    ;;
esac

"$root/scripts/setup.sh" --bench
(build)
exec /usr/bin/python3 "$root/bench/hostile.py" "$@"
