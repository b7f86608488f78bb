package observe

import (
	"encoding/binary"
	"time"

	"reprieve/test/bench/result"
	"reprieve/test/bench/stats"
)

// tickBytes is one tick of load pulse: when it was due, when it was done; microseconds, little-endian.
const tickBytes = 16

// Canary says how the ticks of a record were kept that were due in the span [from, to). A tick is kept when its work was done before the
// next one was due. One that was missed altogether counts with the delay until the canary was back, so that a long gap is not one bad
// tick among many good ones; after the last tick of the record it was never back.
func Canary(record []byte, every time.Duration, from, to int64) result.Canary {
	var out result.Canary
	step := every.Microseconds()
	var delays []int64
	note := func(due, done int64) {
		if due < from || due >= to {
			return
		}
		out.Due++
		if done-due < step {
			out.Kept++
		}
		delays = append(delays, max(done-due, 0))
	}
	next, back := int64(0), int64(0) // the next tick due; when the last work was done
	for ; len(record) >= tickBytes; record = record[tickBytes:] {
		due, done := int64(binary.LittleEndian.Uint64(record)), int64(binary.LittleEndian.Uint64(record[8:]))
		if due == 0 {
			break // not written yet
		}
		for ; next != 0 && next < due; next += step {
			note(next, back)
		}
		note(due, done)
		next, back = due+step, done
	}
	for ; next != 0 && next < to-step; next += step { // the last one may be under way
		note(next, max(to, next+step))
	}
	out.P99Micros, out.WorstMicros = stats.Quantile(delays, 0.99), stats.Quantile(delays, 1)
	return out
}
