#!/usr/bin/env bash
# What the small pieces of a request cost: split, pick, rule match, heads, access-log line. Installs what is missing, builds, and
# measures with Google Benchmark.
#
#   bench/micro.sh [OPTION...]     `bench/micro.py --help` lists the options
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

case "${1:-}" in -h | --help) exec /usr/bin/python3 bench/micro.py --help ;; esac
"$root/scripts/setup.sh" --bench
cmake --preset release >/dev/null
cmake --build --preset release --target micro
exec /usr/bin/python3 bench/micro.py "$@"
