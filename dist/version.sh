#!/bin/sh
# version.sh DIR: print the version of the checkout in DIR as Debian sorts them.
#
#   v1.2.0 is checked out         1.2.0
#   v1.3.0-rc1 is checked out     1.3.0~rc1                        before 1.3.0
#   five commits after v1.2.0     1.2.0+git5.c647864               before 1.2.1
#   no tag of that form           0.0~git20261122185504.c647864    before all of these; the time of the commit, UTC
#
# A checkout with changes that are not committed has "+dirty" at the end: its name does not tell what is in it.
set -eu
dir=${1:?usage: version.sh DIR}
cd "$dir"

# An archive may be unpacked within the checkout of something else, whose tags say nothing here.
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" != "$(pwd -P)" ]; then
  echo "version.sh: $dir is no checkout of git that this user may read; give the version: make deb VERSION=1.2.0" >&2
  exit 1
fi
dirty=
[ -z "$(git --no-optional-locks status --porcelain)" ] || dirty=+dirty

if described=$(git describe --tags --long --abbrev=7 --match 'v[0-9]*' 2>/dev/null); then
  hash=${described##*-g}
  rest=${described%-g*} # TAG-COMMITS
  commits=${rest##*-}
  tag=${rest%-*}
  version=$(printf '%s' "${tag#v}" | tr - '~')
  [ "$commits" -eq 0 ] || version=$version+git$commits.$hash
else
  version=$(TZ=UTC git log -1 --abbrev=7 --date=format-local:%Y%m%d%H%M%S --format='0.0~git%cd.%h')
fi
echo "$version$dirty"
