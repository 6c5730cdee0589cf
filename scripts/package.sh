#!/usr/bin/env bash
# Makes the Debian package from the release preset: installs what is missing, builds, packs, and fails when lintian has
# an error or a warning. The package is left in build/release/package.
#
#   scripts/package.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
packages=$root/build/release/package

usage() { sed -n '2,5s/^# \{0,1\}//p' "$0"; }

case "${1:-}" in
  '') ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

cd "$root"
scripts/setup.sh --package
[ -f build/release/build.ninja ] || cmake --preset release -DBUILD_TESTING=OFF
cmake --build --preset release --target kanaria kanaria-echo
build/release/bin/kanaria check --strict packaging/kanaria.yaml

rm -rf "$packages"
# Root owns these after `sudo cmake --install`, and installing into the package writes them too.
rm -f build/release/install_manifest.txt build/release/kanaria.service
(cd build/release && cpack --config CPackConfig.cmake -B "$packages")
rm -r "$packages/_CPack_Packages"

as_root=()
[ "$(id -u)" -ne 0 ] || as_root=(--allow-root)
lintian "${as_root[@]}" --fail-on error,warning "$packages"/kanaria_*.deb
echo "Install it with: apt install $(echo "$packages"/kanaria_*.deb)"
