#!/bin/bash
# traces.sh PAYLOAD_DIR RUN SUITE OUT_DIR: run scenarios in a guest and write what their daemons recorded of each episode to
# OUT_DIR/SCENARIO-N.json.gz. The traces of a scenario that were there before are replaced; one that failed leaves them.
set -euo pipefail
payload=${1:?usage: traces.sh PAYLOAD_DIR RUN SUITE OUT_DIR} run=${2:?RUN} suite=${3:?SUITE} out=${4:?OUT_DIR}
here=$(cd "$(dirname "$0")" && pwd)

"$here/../need.sh" guest
image=$("$here/image.sh" "$suite")
printf 'export SCENARIO_TRACES=1\nexec ./scenarios.test -test.v -test.timeout 28m -test.run %q\n' "$run" >"$payload/command"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
# The lines of traces are for us alone. The console ends its lines with a carriage return.
"$here/guest.sh" "$image" "$payload" "${GUEST_MEMORY:-1024}" "${GUEST_TIMEOUT:-1800}" 2>&1 | sed -u 's/\r$//' | tee "$log" | grep -a --line-buffered -v '^TRACE ' || code=$?

mkdir -p "$out"
for name in $(sed -n 's/^TRACE \([^ ]*\) 1 .*/\1/p' "$log" | sort -u); do
  rm -f "$out/$name"-*.json.gz
  for n in $(awk -v name="$name" '$1 == "TRACE" && $2 == name { print $3 }' "$log" | sort -nu); do
    awk -v name="$name" -v n="$n" '$1 == "TRACE" && $2 == name && $3 == n { print $4 }' "$log" | base64 -d >"$out/$name-$n.json.gz"
    gzip -t "$out/$name-$n.json.gz" # A line that is missing shows.
    echo "$out/$name-$n.json.gz: $(stat -c %s "$out/$name-$n.json.gz") bytes"
    if gzip -dc "$out/$name-$n.json.gz" | grep -q '"Beside":'; then
      echo "$out/$name-$n.json.gz: left out, another slice had an episode too, and one machine alone may decide otherwise"
      rm "$out/$name-$n.json.gz"
    fi
  done
done
exit "$code"
