#!/bin/bash
# bench.sh PAYLOAD_DIR OUT_DIR ROUNDS LOADS CONTROLLERS SUITE...: run what is missing of the benchmark in guests, one at a time.
#
# LOADS and CONTROLLERS are words in one argument each; empty stands for all. OUT_DIR/SUITE.jsonl has one result a line, written as they
# come out of the guest: cut off at any time, it goes on where it was. Each boot of a guest is for one load of one round. A run that
# fails, or a guest that dies, is tried once more at the end. Exits 1 when there are still results missing then.
set -euo pipefail
usage="usage: bench.sh PAYLOAD_DIR OUT_DIR ROUNDS LOADS CONTROLLERS SUITE..."
payload=${1:?$usage} out=${2:?$usage} rounds=${3:?$usage} loads=$4 controllers=$5
shift 5
here=$(cd "$(dirname "$0")" && pwd)
"$here/../need.sh" guest
mkdir -p "$out"

# The daemon's bytes have a name: results of another build are not mixed with those of this one.
build=$(sha256sum "$payload/stage/usr/sbin/reprieved" | cut -c1-12)

# The disk for swap is a sixteenth as fast as one of 500 MB a second, as the CPUs are some ten to twenty times slower than real ones. With one
# as fast as memory, kswapd alone kept up with any load, and hardly anybody waited before the swap was full.
export GUEST_SWAP_RATE=32000000

# session SUITE IMAGE ROUND LOAD CONTROLLER...: one boot. The observer has a slice of its own, that no controller watches.
session() {
  local suite=$1 image=$2 round=$3 load=$4
  shift 4
  cat >"$payload/command" <<END
printf '[Slice]\nMemoryMin=64M\n' >/run/systemd/system/observer.slice
systemctl daemon-reload
exec systemd-run --quiet --wait --pipe --collect --slice=observer.slice -p OOMScoreAdjust=-1000 -p LimitMEMLOCK=infinity \
  -p MemoryMin=64M ./bench run -suite $suite -build $build -round $round -load $load $*
END
  # A run takes up to two minutes; a guest that stands still is lost.
  "$here/guest.sh" "$image" "$payload" 1024 $((180 * $# + 120)) </dev/null 2>&1 |
    "$payload/bench" collect -results "$out/$suite.jsonl" "${order[@]}"
}

sessions=$(mktemp)
trap 'rm -f "$sessions"' EXIT
code=0
for suite in "$@"; do
  image=$("$here/bench-image.sh" "$suite")
  order=(-suite "$suite" -build "$build" -rounds "$rounds" -loads "$loads" -controllers "$controllers")
  left() { "$payload/bench" plan -results "$out/$suite.jsonl" "${order[@]}" >"$sessions"; }
  for _ in 1 2; do
    left
    while read -r -a words; do
      session "$suite" "$image" "${words[@]}" || echo "bench: the guest of round ${words[0]}, ${words[1]} ended badly" >&2
    done <"$sessions"
  done
  left
  [ ! -s "$sessions" ] || { echo "bench: $suite: no results yet (round, load, controllers):" >&2 && cat "$sessions" >&2 && code=1; }
done
exit "$code"
