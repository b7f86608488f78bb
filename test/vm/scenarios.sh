#!/bin/bash
# scenarios.sh PAYLOAD_DIR RUN SUITE...: run the scenarios in a guest of each suite, side by side.
#
# The guests share the machine's CPUs, but a scenario mostly waits: two at once take little longer than one. The lines of the
# first are passed on as they come, those of the next when it is their turn. Exits 1 when any suite failed. Of several suites, each
# leaves out what the file "once" has for another of them.
set -euo pipefail
payload=${1:?usage: scenarios.sh PAYLOAD_DIR RUN SUITE...} run=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)

"$here/../need.sh" guest
for suite in "$@"; do "$here/image.sh" "$suite" >/dev/null; done

# elsewhere SUITE SUITES...: a pattern of the scenarios that another of these suites runs; one that matches nothing where there are none.
elsewhere() {
  awk -v own="$1" -v all=" ${*:2} " '!/^#/ && $1 != own && index(all, " " $1 " ") { printf "%s%s", n++ ? "|" : "^(", $2 }
    END { print n ? ")$" : "^$" }' "$here/once"
}
{
  echo '. /etc/os-release'
  echo 'case $VERSION_CODENAME in'
  for suite in "$@"; do printf '%s) skip=%q ;;\n' "$suite" "$(elsewhere "$suite" "$@")"; done
  printf 'esac\nexec ./scenarios.test -test.v -test.timeout 62m -test.run %q -test.skip "$skip"\n' "$run"
} >"$payload/command"

tmp=$(mktemp -d)
pids=()
set -m # a process group for each suite, so that an interrupt here can end all of its processes
finish() {
  for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  wait
  rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

for suite in "$@"; do
  : >"$tmp/$suite"
  "$here/suite.sh" "$suite" "$payload" "$run" "$(elsewhere "$suite" "$@")" >"$tmp/$suite" 2>&1 &
  pids+=($!)
done
code=0 turn=0
for suite in "$@"; do
  tail -n +1 -s 0.5 -f --pid="${pids[turn]}" "$tmp/$suite"
  wait "${pids[turn]}" || code=1
  turn=$((turn + 1))
done
exit "$code"
