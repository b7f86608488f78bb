package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"reprieve/memcg"
)

// readCalls returns how often this process has called read, in any of its forms.
func readCalls(b *testing.B) int {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "syscr: ")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(line)
	if err != nil {
		b.Fatalf("/proc/self/io %q: %v", text, err)
	}
	return n
}

// swapless has a daemon see a host of 8 GB without swap, and its slices as filling.
func (s *shell) swapless() {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "meminfo")
	text := "MemTotal: 8000000 kB\nMemFree: 4000000 kB\nMemAvailable: 4000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.onLoop(func() {
		info, err := memcg.OpenHost(file)
		if err != nil {
			s.t.Error(err)
			return
		}
		s.d.info, s.d.meminfoAt = info, -1
		s.d.slices[0].dirty = true
		s.d.step(s.d.slices[0], s.d.now())
	})
}

// Ensure a look that asks how fast memory fills reads that and no more, and one that something woke reads all.
func TestLook_ReadsNoStall(t *testing.T) {
	s := newShell(t, "[pressure]\nfull = \"10%\"\nleft = \"5s\"\n")
	s.opened()
	const line = " avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
	s.write("w.slice", "memory.pressure", "some"+line+"full"+line)
	s.swapless()
	for _, dirty := range []bool{false, true} {
		s.onLoop(func() {
			one := s.d.slices[0]
			if !one.m.Slope() {
				t.Error("the slice is not looked at for how fast it fills")
			}
			one.dirty = dirty
			clear(s.d.psi) // what was read a moment ago would do
			s.d.read(one, s.d.now())
			r := one.reading
			if r.TotalsOK != dirty || r.EventsOK != dirty || !r.UsageOK || !r.HostOK || !r.RoomOK {
				t.Errorf("woken %v: stall read %v, events %v, usage %v, host %v, room %v; want stall and events %v, the rest true", dirty, r.TotalsOK,
					r.EventsOK, r.UsageOK, r.HostOK, r.RoomOK, dirty)
			}
		})
	}
}

// BenchmarkTick is what the loop does at a tick: in calm, when something woke it; in calm without swap, at a look; in an episode in which nobody
// is held; and with one leaf held. The files are ordinary ones: the kernel's own work of making their text is not in it.
func BenchmarkTick(b *testing.B) {
	for _, leaves := range []int{2, 100} {
		for _, state := range []string{"calm", "look", "episode", "held"} {
			b.Run(fmt.Sprintf("%s/%d", state, leaves), func(b *testing.B) {
				groups := map[string]int{}
				for i := range leaves - 2 {
					groups[fmt.Sprintf("w.slice/w-x%d.slice", i)] = 100
				}
				by := map[bool]string{true: "throttle", false: "none"}[state == "held"]
				left := map[bool]string{true: "5s", false: "0"}[state == "look"]
				s := newShell(b, "[pressure]\nevents = [\"max\"]\nleft = \""+left+"\"\n[hold]\nby = \""+by+"\"\ndelay = \"10m\"\ncalm = \"5m\"\n", groups)
				s.opened()
				switch state {
				case "look":
					s.swapless()
				case "held":
					s.hold()
				case "episode":
					s.breach()
				}
				b.ReportAllocs()
				b.ResetTimer()
				before := readCalls(b)
				s.onLoop(func() {
					one, now := s.d.slices[0], s.d.now()
					for range b.N {
						for inode, last := range s.d.psi {
							last.at = -leastGap // as if it were read a tick ago
							s.d.psi[inode] = last
						}
						s.d.step(one, now)
					}
				})
				b.StopTimer()
				b.ReportMetric(float64(readCalls(b)-before)/float64(b.N), "reads/op")
			})
		}
	}
}
