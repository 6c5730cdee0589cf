#!/usr/bin/env bash
# Installs what is missing, builds and runs the tests: as released, and under the address and undefined-behaviour
# sanitizers; then each fuzz target for 10 s.
#
#   scripts/test.sh [--full]
#
#   --full    also under the thread sanitizer and built by g++, the long tests, each fuzz target for 60 s, formatter,
#             linters, the bench (that it works), the Debian package and the container images (as root or with sudo)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
jobs=$(nproc)
presets=(release asan)
full=no
fuzz_seconds=10
summary=()
failed=0

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }

case "${1:-}" in
  '') ;;
  --full) full=yes fuzz_seconds=60 presets+=(tsan gcc) ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

# step NAME COMMAND...: runs it and keeps its result for the summary; the steps after a failed one run all the same.
step() {
  local name=$1 start=$SECONDS result=passed
  shift
  printf '\n== %s\n' "$name"
  "$@" </dev/null || result=FAILED failed=1
  summary+=("$(printf '%-32s %s  %4d s' "$name" "$result" $((SECONDS - start)))")
  [ "$result" = passed ]
}

# shellcheck disable=SC2317  # called by name, through step
{
  check_format() { find include src tests bench -name '*.[ch]pp' -print0 | xargs -0 clang-format-19 --dry-run -Werror; }
  check_tidy() { run-clang-tidy-19 -quiet -j "$jobs" -p build/release "$root/(src|tests|bench)/.*\.cpp$"; }
  check_shell() { shellcheck -x scripts/*.sh bench/*.sh docker/*.sh .ci/run packaging/debian/{postinst,prerm,postrm}; }
  check_containers() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" docker/check.sh
  }
}

if [ "$full" = yes ]; then
  scripts/setup.sh --lint
  export KANARIA_LONG=1
else
  scripts/setup.sh --test
fi

build_and_test() {
  step "$1: configure" cmake --preset "$1" -DBUILD_TESTING=ON || return
  step "$1: build" cmake --build --preset "$1" --parallel "$jobs" || return
  step "$1: test" ctest --preset "$1" --parallel "$jobs"
}

for preset in "${presets[@]}"; do
  build_and_test "$preset" || true
done

step "fuzz: $fuzz_seconds s each" scripts/fuzz.sh --seconds "$fuzz_seconds" || true

if [ "$full" = yes ]; then
  step "bench: build" cmake --build --preset release --target bench micro --parallel "$jobs" || true
  step "bench: run" bench/compare.sh --quick --only small --rounds 1 || true
  step "clang-format" check_format || true
  step "clang-tidy" check_tidy || true
  step "shellcheck" check_shell || true
  step "package" scripts/package.sh || true
  step "containers" check_containers || true
fi

printf '\n== Summary\n'
printf '%s\n' "${summary[@]}"
exit "$failed"
