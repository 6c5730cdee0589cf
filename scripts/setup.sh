#!/usr/bin/env bash
# Installs what is missing, on Debian 12, as root or with sudo. Says nothing and takes no time when all is there.
#
#   scripts/setup.sh [--build | --test | --lint | --containers]
#
#   --build        what the programs and the demo need (default)
#   --test         that, and what the tests need
#   --lint         that, and what scripts/test.sh --full needs: formatter, linters, g++
#   --containers   only what docker/check.sh needs: it builds in an image
set -euo pipefail

build_packages=(
  clang-19 cmake ninja-build pkg-config
  libboost1.81-dev libyaml-cpp-dev libspdlog-dev libfmt-dev libre2-dev libcli11-dev nlohmann-json3-dev libssl-dev
  ca-certificates curl
)
test_packages=(
  libclang-rt-19-dev libgtest-dev libgmock-dev
  python3 python3-websockets python3-h11 python3-aiohttp nghttp2-client procps util-linux
)
lint_packages=(clang-format-19 clang-tidy-19 shellcheck g++)
container_packages=(buildah debootstrap iproute2 curl procps util-linux)

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }

case "${1:---build}" in
  --build) wanted=("${build_packages[@]}") ;;
  --test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  --lint) wanted=("${build_packages[@]}" "${test_packages[@]}" "${lint_packages[@]}") ;;
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

echo "Installing with apt-get, which may take some minutes: ${missing[*]}"
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null; }
apt update
apt install -y --no-install-recommends "${missing[@]}"
