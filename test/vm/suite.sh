#!/bin/bash
# suite.sh SUITE PAYLOAD_DIR [RUN [SKIP]]: run the payload's command, the scenarios, in one guest of this suite, and count.
#
# RUN and SKIP are the patterns that the command has: those that match RUN and not SKIP are to report.
# Passes on the lines of go test -v and ends with "SUITE: N passed, N failed". A scenario that did not report, because the
# guest or the test binary died under it, has failed. Exits 1 when any failed, none ran, or the guest itself ended badly.
set -euo pipefail
usage="usage: suite.sh SUITE PAYLOAD_DIR [RUN [SKIP]]"
suite=${1:?$usage} payload=${2:?$usage} run=${3:-.} skip=${4:-^$}
here=$(cd "$(dirname "$0")" && pwd)

image=$("$here/image.sh" "$suite")
expected=$("$payload/scenarios.test" -test.list "$run" | { grep -vE "$skip" || true; })
log=$(mktemp)
trap 'rm -f "$log"' EXIT

started=$SECONDS code=0
guest() { "$here/guest.sh" "$image" "$payload" "${GUEST_MEMORY:-1024}" "${GUEST_TIMEOUT:-4500}" 2>&1 | tee "$log"; }
# silent: whether some scenario neither passed nor failed.
silent() {
  local name
  for name in $expected; do grep -qE "^--- (PASS|FAIL): $name " "$log" || return 0; done
  return 1
}
guest || code=$?
if silent && ! grep -q "^--- FAIL" "$log"; then
  # Nothing failed, and the guest or the test binary stood still: emulated guests do, now and then. Once more, and no more.
  echo "$suite: some scenarios did not report; the whole suite once more"
  code=0
  guest || code=$?
fi

passed=0 failed=0
for name in $expected; do
  if grep -q "^--- PASS: $name " "$log"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    grep -q "^--- FAIL: $name " "$log" || echo "--- FAIL: $name did not report"
  fi
done

# why NAME: the assertions of a scenario that failed, from its lines in the log. Its dumps follow such a line on further lines, indented
# more, or begin on it: those of dump_test.go are left out.
why() {
  awk -v name="$1" '
    $1 == "===" { on = $3 == name }
    on && /^    [a-z_]+_test\.go:[0-9]+: / && !/^    dump_test\.go:/ && n < 8 { n++; print substr($0, 1, 300) }' "$log"
}
# said NAME: the end of what the daemon said in a scenario that failed, from the dumped journal.
said() {
  awk -v name="$1" '
    $1 == "===" { on = $3 == name }
    on && /^        \[ *[0-9.]+\] reprieved\[[0-9]+\]: / { line[n++] = substr($0, 1, 300) }
    END { for (i = n > 24 ? n - 24 : 0; i < n; i++) print line[i] }' "$log"
}
# Again, behind all that the scenarios dumped: the end of a log is what people see first.
for name in $expected; do
  if grep -q "^--- FAIL: $name " "$log"; then
    echo "$suite: $name:"
    why "$name"
    said "$name"
  fi
done
[ "$code" -eq 0 ] || echo "$suite: guest.sh ended with exit code $code"
still=$(awk '/^CPU [0-9]+ stood still for / { n++; if ($6 > most) most = $6 } END { if (n) print n " times, for " most " s at most" }' "$log")
[ -z "$still" ] || echo "$suite: a CPU of the guest stood still for a second and more $still"
echo "$suite: the guest took $((SECONDS - started)) s"
echo "$suite: $passed passed, $failed failed"
[ "$code" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
