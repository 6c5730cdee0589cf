#!/usr/bin/env bash
# Runs the libFuzzer targets in tests/fuzz for a bounded time, as many at once as there are cores, and fails when one
# has a finding. Installs what is missing and builds. What it learns stays in build/fuzz/corpus for the next run.
#
#   scripts/fuzz.sh [--seconds N] [TARGET...]
#
#   --seconds N  how long each target runs (default 600)
#   TARGET       request_parser, say: tests/fuzz/TARGET_fuzz.cpp (default: all)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
out=build/fuzz
seconds=600
targets=()
declare -A running=() # by process id
declare -A status=()  # exit codes by target
failed=0

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }

while [ $# -gt 0 ]; do
  case "$1" in
    --seconds)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || { usage >&2 && exit 2; }
      seconds=$2
      shift
      ;;
    -h | --help) usage && exit 0 ;;
    -*) usage >&2 && exit 2 ;;
    *)
      [ -f "tests/fuzz/$1_fuzz.cpp" ] || { echo "fuzz.sh: there is no tests/fuzz/$1_fuzz.cpp" >&2 && exit 2; }
      targets+=("$1")
      ;;
  esac
  shift
done
if [ "${#targets[@]}" -eq 0 ]; then
  for source in tests/fuzz/*_fuzz.cpp; do targets+=("$(basename "$source" _fuzz.cpp)"); done
fi

run() {
  local target=$1 seeds=tests/fuzz/corpus/$1
  local options=(-max_total_time="$seconds" -timeout=10 -artifact_prefix="$out/findings/$target-")
  case "$target" in
    *_parser) options+=(-max_len=$((96 * 1024))) ;; # a head may have 64 KiB, and a request line before them
  esac
  [ "$target" = config ] || options+=(-dict=tests/fuzz/http.dict)
  mkdir -p "$out/corpus/$target"
  [ -d "$seeds" ] || seeds=
  exec "$out/bin/${target}_fuzz" "${options[@]}" "$out/corpus/$target" ${seeds:+"$seeds"} >"$out/log/$target" 2>&1
}

await_one() {
  local pid code=0
  wait -n -p pid || code=$?
  status[${running[$pid]}]=$code
  unset "running[$pid]"
}

stop_all() { [ "${#running[@]}" -eq 0 ] || kill "${!running[@]}" 2>/dev/null || true; }

# The last line of libFuzzer's that counts: "#743264 DONE cov: 1585 ft: 4983 corp: 994/161Kb lim: 1217 exec/s: 35393".
number() { grep -E '^#[0-9]+' "$out/log/$2" | tail -n 1 | sed -nE "s|.*$1([0-9]+).*|\1|p"; }

report() {
  local target=$1 finding=none
  if [ "${status[$target]}" -ne 0 ]; then
    finding=$(sed -nE 's/.*Test unit written to (.*)/\1/p' "$out/log/$target" | tail -n 1)
    finding=${finding:-see $out/log/$target}
    failed=1
  fi
  printf '%-18s %12s %8s %7s  %s\n' "$target" "$(number '^#' "$target")" "$(number 'exec/s: ' "$target")" \
    "$(number 'cov: ' "$target")" "$finding"
}

scripts/setup.sh --test
cmake --preset fuzz -DBUILD_TESTING=ON
cmake --build --preset fuzz --parallel "$(nproc)" --target "${targets[@]/%/_fuzz}"
mkdir -p "$out/findings" "$out/log"

trap stop_all EXIT
trap 'exit 130' INT TERM
for target in "${targets[@]}"; do
  [ "${#running[@]}" -lt "$(nproc)" ] || await_one
  run "$target" &
  running[$!]=$target
done
while [ "${#running[@]}" -gt 0 ]; do await_one; done

printf '\n%-18s %12s %8s %7s  %s\n' target runs runs/s edges finding
for target in "${targets[@]}"; do report "$target"; done
[ "$failed" -eq 0 ] || {
  echo "To see a finding again: $out/bin/TARGET_fuzz FILE" >&2
  exit 1
}
