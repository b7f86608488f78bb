package observe

import (
	"encoding/binary"
	"testing"
	"time"

	"reprieve/test/bench/result"
)

// ticksOf makes a record of pairs of when a tick was due and when it was done, in milliseconds, with room for more.
func ticksOf(pairs ...int64) []byte {
	record := make([]byte, 0, 8*len(pairs)+64)
	for _, ms := range pairs {
		record = binary.LittleEndian.AppendUint64(record, uint64(1000*ms))
	}
	return append(record, make([]byte, 64)...)
}

// Ensure ticks that were late or missing are counted, and a long gap counts with all the ticks in it.
func TestCanary(t *testing.T) {
	for _, tt := range []struct {
		name     string
		record   []byte
		from, to int64 // milliseconds
		want     result.Canary
	}{
		{"nothing", nil, 0, 1000, result.Canary{}},
		{"all kept", ticksOf(100, 101, 150, 152, 200, 201, 250, 251), 100, 300, result.Canary{Due: 4, Kept: 4, P99Micros: 2000, WorstMicros: 2000}},
		{"one late", ticksOf(100, 160, 150, 161, 200, 201, 250, 251), 100, 300, result.Canary{Due: 4, Kept: 3, P99Micros: 60000, WorstMicros: 60000}},
		// Those of 150 and 200 were missed while the one of 100 was at work until 230: 80 ms and 30 ms late. So the one of 200 was kept.
		{"missed", ticksOf(100, 230, 250, 251), 100, 300, result.Canary{Due: 4, Kept: 2, P99Micros: 130000, WorstMicros: 130000}},
		{"others' time", ticksOf(50, 99, 100, 101, 150, 152, 200, 300), 100, 200, result.Canary{Due: 2, Kept: 2, P99Micros: 2000, WorstMicros: 2000}},
		// Due at 150, 200 and 250 and never done; the one of 300 may be under way.
		{"died", ticksOf(100, 101), 100, 350, result.Canary{Due: 4, Kept: 1, P99Micros: 200000, WorstMicros: 200000}},
	} {
		if got := Canary(tt.record, 50*time.Millisecond, 1000*tt.from, 1000*tt.to); got != tt.want {
			t.Errorf("%s: Canary = %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
