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
  # The metrics, the alerts and the dashboard are judged by Prometheus' own checker.
  want promtool promtool
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
  [[ " ${missing[*]} " != *" promtool "* ]] || echo "need.sh: Debian 12 has promtool in the package prometheus" >&2
  exit 1
fi
echo "need.sh: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# install_all PACKAGE...: installs packages. Debian 12 has promtool in prometheus alone, which would start a server at a port and
# takes 330 MB with what it depends on: there the one program (48 MB) is put into /usr/local/bin.
install_all() {
  apt-get update -q || return
  local package packages=() unpack=
  for package; do
    if [ "$package" = promtool ] && ! apt-cache show promtool >/dev/null 2>&1; then
      unpack=yes
    else
      packages+=("$package")
    fi
  done
  [ ${#packages[@]} -eq 0 ] || apt-get install -q -y --no-install-recommends "${packages[@]}" || return
  [ -n "$unpack" ] || return 0
  (cd "$scratch" && apt-get download -q prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool &&
    install usr/bin/promtool /usr/local/bin/promtool)
}
if ! install_all "${missing[@]}" >"$scratch/log" 2>&1; then
  tail -n 20 "$scratch/log" >&2
  echo "need.sh: apt-get did not install ${missing[*]}" >&2
  exit 1
fi
