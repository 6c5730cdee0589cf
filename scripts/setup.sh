#!/usr/bin/env bash
# Installs what is missing, on Debian 12, as root or with sudo. Says nothing and takes no time when all is there.
#
#   scripts/setup.sh [--build | --test | --bench | --package | --containers | --lint]
#
#   --build       what the programs and the demo need (default)
#   --test        that, and what the tests need
#   --bench       that of --build, and what the programs in bench/ need: nginx, HAProxy, load, valgrind
#   --package     that of --build, and what scripts/package.sh needs: Debian's tools
#   --containers  only what docker/check.sh needs: it builds in an image
#   --lint        that of --test, --bench and --package, and what scripts/test.sh --full needs: formatter, linters, g++, a browser
set -euo pipefail

build_packages=(
  clang-19 cmake ninja-build pkg-config
  libboost1.81-dev libyaml-cpp-dev libspdlog-dev libfmt-dev libre2-dev libcli11-dev nlohmann-json3-dev libssl-dev
  libc-ares-dev prometheus-cpp-dev
  ca-certificates curl
)
bench_packages=(
  nginx haproxy wrk nghttp2-client util-linux
  libbenchmark-dev valgrind strace binutils python3 slowhttptest
)
test_packages=(
  libclang-rt-19-dev libgtest-dev libgmock-dev
  haproxy python3 python3-websockets python3-h11 python3-aiohttp python3-httpx slowhttptest
  nghttp2-client procps util-linux goaccess lnav prometheus
  python3-jsonschema python3-yaml zsh fish man-db
)
lint_packages=(clang-format-19 clang-tidy-19 shellcheck g++ chromium)
package_packages=(dpkg-dev file lintian)
container_packages=(buildah debootstrap iproute2 curl procps util-linux)

usage() { sed -n '2,11s/^# \{0,1\}//p' "$0"; }

case "${1:---build}" in
  --build) wanted=("${build_packages[@]}") ;;
  --bench) wanted=("${build_packages[@]}" "${bench_packages[@]}") ;;
  --test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  --lint)
    wanted=("${build_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}" "${lint_packages[@]}"
      "${package_packages[@]}")
    ;;
  --package) wanted=("${build_packages[@]}" "${package_packages[@]}") ;;
  --containers) wanted=("${container_packages[@]}") ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

if ! command -v apt-get >/dev/null; then
  echo "setup.sh: this is made for Debian 12; here is no apt-get. Install by hand: ${wanted[*]}" >&2
  exit 1
fi

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup.sh: run it as root, or install sudo. Missing: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

# Debian starts a server when it is installed, and at each boot from then on. The bench and the tests start their own. Also after an
# installation that broke off: those that were installed by then are disabled.
policy=/usr/sbin/policy-rc.d
added_policy=no
servers=()
for package in "${missing[@]}"; do
  case "$package" in nginx | haproxy | prometheus) servers+=("$package") ;; esac
done
disable_servers() {
  local server
  [ "$added_policy" = no ] || "${as_root[@]}" rm -f "$policy"
  for server in "${servers[@]}"; do
    is_installed "$server" || continue
    "${as_root[@]}" service "$server" stop >/dev/null 2>&1 || true # a policy of the machine's own may have let it start
    "${as_root[@]}" update-rc.d "$server" disable
  done
}
trap disable_servers EXIT
if [ "${#servers[@]}" -gt 0 ] && [ ! -e "$policy" ]; then
  added_policy=yes
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
fi

echo "Installing with apt-get, which may take some minutes: ${missing[*]}"
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null; }
apt update
apt install -y --no-install-recommends "${missing[@]}"
