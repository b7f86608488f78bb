#!/bin/bash
# bench-image.sh SUITE: build the guests' image with the peers of the benchmark in it, once, and print its directory.
#
# The recipe is that of image.sh, taken as it is, with more packages and a few more lines of shaping: so the benchmark runs in
# the guest that the scenarios run in, and the key of the scenarios' own images, which is a hash of their recipe, stays what it
# is. The images lie in a cache of their own, $REPRIEVE_CACHE/bench.
set -euo pipefail
suite=${1:?usage: bench-image.sh bookworm|trixie}
here=$(cd "$(dirname "$0")" && pwd)
case $suite in
bookworm) peers=earlyoom,nohang,oomd ;;
trixie) peers=earlyoom,nohang ;; # oomd left Debian before 13
*) echo "bench-image.sh: $suite: want bookworm or trixie" >&2 && exit 2 ;;
esac

recipe=$(mktemp -d)
trap 'rm -rf "$recipe"' EXIT
cp -a "$here/image.sh" "$here/shape.sh" "$here/root" "$recipe"
sed -i "s/^packages=.*/&,$peers/" "$recipe/image.sh"
grep -q "^packages=.*,$peers\$" "$recipe/image.sh" || { echo "bench-image.sh: image.sh has no line packages= any more" >&2 && exit 1; }
sed '1d' "$here/bench-shape.sh" >>"$recipe/shape.sh"

REPRIEVE_CACHE=${REPRIEVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reprieve}/bench "$recipe/image.sh" "$suite"
