#!/bin/bash
# image.sh SUITE: build a bootable Debian image once, and print the directory that holds it.
#
# SUITE is bookworm (kernel 6.1, systemd 252) or trixie (kernel 6.12, systemd 257). The directory holds disk.img (ext4),
# vmlinuz and initrd, and lives under $REPRIEVE_CACHE (default $XDG_CACHE_HOME/reprieve, ~/.cache/reprieve). Its name carries a
# hash of the recipe, so that a change to the recipe builds a new image and the old one of that suite is removed.
# Progress goes to standard error. Takes one to two minutes; nothing when the image is there.
set -euo pipefail
suite=${1:?usage: image.sh bookworm|trixie}
case $suite in
bookworm | trixie) ;;
*) echo "image.sh: $suite: want bookworm or trixie" >&2 && exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
cache=${REPRIEVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reprieve}

hash=$(cd "$here" && find image.sh shape.sh root -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12)
image=$cache/$suite-$hash
if [ -d "$image" ]; then
  echo "$image"
  exit 0
fi

# Two builds at once would fight for the same name: the second waits here and then finds the image of the first.
mkdir -p "$cache"
exec 9>"$cache/$suite.lock"
flock 9
if [ -d "$image" ]; then
  echo "$image"
  exit 0
fi

# Without root, mmdebstrap and the unpacking below work in a user namespace, where root owns the files of the image.
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(unshare --map-root-user --map-auto)

started=$SECONDS
"${as_root[@]}" rm -rf "$cache/build-$suite".* # of a build that was killed; under the lock nobody else builds
tmp=$(mktemp -d "$cache/build-$suite.XXXXXX")
trap '"${as_root[@]}" rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

echo "image: building $suite, a minute or two, once" >&2
# No more than systemd's own neighbourhood: what the daemon needs beyond it would show. zstd is for the initramfs, tmux for reprievectl top.
packages=systemd,systemd-sysv,systemd-oomd,dbus,udev,initramfs-tools,zstd,linux-image-cloud-amd64,tmux
# A user's manager with a bus of its own, and who judges what users may. The bus starts polkit when it is asked, nobody else does.
packages+=,libpam-systemd,dbus-user-session,polkitd
# The settings of the initramfs come before the packages, so that it is made once and small.
if ! mmdebstrap --variant=minbase --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --essential-hook="copy-in '$here/root/etc' '$here/root/usr' /" \
  --customize-hook="upload '$here/shape.sh' /shape.sh" --customize-hook='chroot "$1" bash /shape.sh; rm "$1/shape.sh"' \
  "$suite" "$tmp/root.tar" >"$tmp/log" 2>&1; then
  echo "image: mmdebstrap $suite: the end of its log:" >&2
  tail -n 20 "$tmp/log" >&2
  exit 1
fi

# shellcheck disable=SC2016 # $1 is for the inner shell
"${as_root[@]}" bash -c '
  set -euo pipefail
  cd "$1" && mkdir root out
  tar -C root -xf root.tar --exclude="./dev/*"
  cp root/boot/vmlinuz-* out/vmlinuz && cp root/boot/initrd.img-* out/initrd
  rm -rf root/boot/*
  truncate -s 2G out/disk.img && mke2fs -q -t ext4 -O ^has_journal -m 0 -F -d root out/disk.img
  rm -rf root' unpack "$tmp"

for old in "$cache/$suite"-*; do
  [ ! -d "$old" ] || rm -rf "$old"
done
mv "$tmp/out" "$image" # the one step that makes it visible
echo "image: $suite is ready after $((SECONDS - started)) s: $image" >&2
echo "$image"
