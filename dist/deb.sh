#!/bin/bash
# deb.sh BIN_DIR OUT_DIR: make OUT_DIR/reprieve_VERSION_ARCH.deb of the programs in BIN_DIR and print its path.
#
# What is in it is what `make install` stages, the documents, and the scripts in dist/debian. The same commit gives the same
# bytes: times, owners, modes, order and compression are fixed. From the environment:
#
#   VERSION             the version; otherwise version.sh asks git
#   SOURCE_DATE_EPOCH   the time of all files and of the changelog, seconds; otherwise that of the commit
#   DEBFULLNAME, DEBEMAIL   whom the package names as its maintainer; otherwise the author of the commit
#   DEB_ARCH            the architecture as Debian names it; otherwise from `go env GOARCH`
set -euo pipefail
bin=$(realpath "${1:?usage: deb.sh BIN_DIR OUT_DIR}")
mkdir -p "${2:?usage: deb.sh BIN_DIR OUT_DIR}"
out=$(realpath "$2")
cd "$(dirname "$0")/.."
umask 022
export LC_ALL=C TZ=UTC

die() { echo "deb.sh: $*" >&2; exit 1; }
command -v dpkg-deb >/dev/null || die "dpkg-deb is missing; on Debian it is part of dpkg"

# fromGit FORMAT NAME: what git tells of the commit, or an error that says which variable to set.
fromGit() { git log -1 --format="$1" 2>/dev/null || die "no commit to ask; set $2"; }
version=${VERSION:-$(dist/version.sh .)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(fromGit %ct SOURCE_DATE_EPOCH)}
maintainer="${DEBFULLNAME:-$(fromGit %an DEBFULLNAME)} <${DEBEMAIL:-$(fromGit %ae DEBEMAIL)}>"
# No "-": it would end an upstream version, and this package has no other source than this tree.
[[ $version =~ ^[0-9][0-9A-Za-z.+~]*$ ]] || die "VERSION is \"$version\"; want a digit, then digits, letters, and . + ~"
[[ $SOURCE_DATE_EPOCH =~ ^[0-9]+$ ]] || die "SOURCE_DATE_EPOCH is \"$SOURCE_DATE_EPOCH\"; want seconds since 1970"

# architecture: the name that Debian has for what Go builds for.
architecture() {
  local arch
  arch=$(go env GOARCH)
  case $arch in
  arm) echo armhf ;;
  386) echo i386 ;;
  ppc64le) echo ppc64el ;;
  mips64le) echo mips64el ;;
  amd64 | arm64 | loong64 | riscv64 | s390x) echo "$arch" ;;
  *) die "no architecture of Debian is known for GOARCH=$arch; set DEB_ARCH" ;;
  esac
}
arch=${DEB_ARCH:-$(architecture)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
make --no-print-directory --silent install DESTDIR="$root" PREFIX=/usr BIN="$bin"

# changelog: the first section of CHANGELOG.md as Debian writes it, a paragraph an entry.
changelog() {
  printf 'reprieve (%s) unstable; urgency=medium\n\n' "$version"
  awk '/^## / { n++; next } n != 1 || /^#/ { next } /^$/ || /^[-*] / { if (p) print p; p = "" } { sub(/^[-*] /, ""); p = p (p ? " " : "") $0 }
    END { if (p) print p }' CHANGELOG.md | while read -r entry; do
    printf '%s\n' "$entry" | fold -s -w 74 | sed -e 's/ *$//' -e '1s/^/  * /' -e '2,$s/^/    /'
  done
  printf '\n -- %s  %s\n' "$maintainer" "$(date -R -d "@$SOURCE_DATE_EPOCH")"
}

doc=$root/usr/share/doc/reprieve
install -d "$root/etc/reprieve/slices" "$doc/docs"
install -m 0644 README.md ARCHITECTURE.md "$doc/"
find docs -maxdepth 1 -type f ! -name '*.go' -exec install -m 0644 -t "$doc/docs" {} +
install -m 0644 dist/debian/copyright "$doc/copyright"
changelog | gzip -9n >"$doc/changelog.gz"
[ ! -d "$root/usr/share/man" ] || find "$root/usr/share/man" -type f ! -name '*.gz' -exec gzip -9n {} +
install -D -m 0644 dist/debian/preset "$root/usr/lib/systemd/system-preset/50-reprieve.preset"
install -D -m 0644 dist/debian/lintian-overrides "$root/usr/share/lintian/overrides/reprieve"

# Modes as they are to be, whatever made the files: programs, directories, all else.
find "$root" -type d -exec chmod 00755 {} +
find "$root" -type f -exec chmod 0644 {} +
find "$root/usr/bin" "$root/usr/sbin" -type f -exec chmod 0755 {} +

# units SUFFIX...: the names of the units that are shipped, in the order of their suffixes, in one line.
units() { (cd "$root/usr/lib/systemd/system" && for s; do find . -type f -name "*.$s" -printf '%f\n' | sort; done | xargs); }
# Whoever starts others is stopped before them; the daemon's own way to restart is in postinst.
all=$(units socket timer path service slice)
others=$(units service | sed 's/ *\breprieved[.]service\b//')

# The control files. Sizes as dpkg counts them: KiB, each file rounded up, and one for what is no file.
control=$root/DEBIAN
size=$(find "$root" -mindepth 1 -printf '%y %s\n' | awk '{ n += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print n }')
sums=$(cd "$root" && find . -type f -printf '%P\0' | sort -z | xargs -0 md5sum)
install -d -m 0755 "$control"
{
  printf 'Package: reprieve\nVersion: %s\nArchitecture: %s\nMaintainer: %s\nInstalled-Size: %s\n' "$version" "$arch" "$maintainer" "$size"
  grep -v '^#' dist/debian/control
} >"$control/control"
printf '%s\n' "$sums" >"$control/md5sums"
for script in postinst prerm postrm; do
  sed -e "s/@UNITS@/$all/" -e "s/@SERVICES@/$others/" "dist/debian/$script" >"$control/$script"
  chmod 0755 "$control/$script"
done

find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
deb=$out/reprieve_${version}_$arch.deb
# xz whatever the distribution's dpkg prefers; the owner is root whoever builds.
dpkg-deb --root-owner-group -Zxz --build "$root" "$work/deb" >/dev/null
mv "$work/deb" "$deb"
echo "$deb"
