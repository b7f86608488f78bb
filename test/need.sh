#!/bin/bash
# need.sh guest|unit|race|man: see that the tools for the guests, the tests of the packages, the race detector, or the check of the
# man pages are there.
#
# Where it runs as root on Debian it installs what is missing with apt-get; elsewhere it says in one line what to install
# and exits 1. It does nothing, and asks nobody, when all is there.
set -euo pipefail

missing=()
# want COMMAND PACKAGE: notes the Debian package of a command that is not there.
want() { command -v "$1" >/dev/null || missing+=("$2"); }

PATH=$PATH:/usr/sbin:/sbin # mke2fs, for users who are not root
case ${1:?usage: need.sh guest|unit|race|man} in
guest)
  want qemu-system-x86_64 qemu-system-x86
  want qemu-img qemu-utils
  want mmdebstrap mmdebstrap
  want mke2fs e2fsprogs
  # Without root the image is built in a user namespace of its own.
  [ "$(id -u)" -eq 0 ] || want newuidmap uidmap
  ;;
unit | race)
  # The shipped units and the catalog are judged by systemd's own tools.
  want systemd-analyze systemd
  want journalctl systemd
  # The completion scripts are run by their shells.
  want zsh zsh
  want fish fish
  # reprievectl top is looked at in a terminal, the bus and notifications on a bus of their own.
  want tmux tmux
  want dbus-daemon dbus-daemon
  # The package is judged by Debian's own rules.
  want lintian lintian
  if [ "$1" = race ]; then
    want gcc gcc
    [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
  fi
  ;;
man)
  want mandoc mandoc
  ;;
*)
  echo "need.sh: $1: want guest, unit, race or man" >&2
  exit 2
  ;;
esac
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || [ ! -e /etc/debian_version ] || ! command -v apt-get >/dev/null; then
  echo "need.sh: please install: ${missing[*]} (on Debian: apt-get install --no-install-recommends ${missing[*]})" >&2
  exit 1
fi
echo "need.sh: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "need.sh: apt-get did not install ${missing[*]}" >&2
  exit 1
fi
