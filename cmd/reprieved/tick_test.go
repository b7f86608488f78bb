package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
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

// BenchmarkTick is what the loop does at a tick: in calm, when something woke it; in an episode in which nobody is held; and with one
// leaf held. The files are ordinary ones: the kernel's own work of making their text is not in it.
func BenchmarkTick(b *testing.B) {
	for _, leaves := range []int{2, 100} {
		for _, state := range []string{"calm", "episode", "held"} {
			b.Run(fmt.Sprintf("%s/%d", state, leaves), func(b *testing.B) {
				groups := map[string]int{}
				for i := range leaves - 2 {
					groups[fmt.Sprintf("w.slice/w-x%d.slice", i)] = 100
				}
				by := map[bool]string{true: "throttle", false: "none"}[state == "held"]
				s := newShell(b, "[pressure]\nevents = [\"max\"]\nleft = \"0\"\n[hold]\nby = \""+by+"\"\ndelay = \"10m\"\ncalm = \"5m\"\n", groups)
				s.opened()
				switch state {
				case "held":
					s.hold()
				case "episode":
					s.breach()
				}
				done := make(chan struct{})
				b.ReportAllocs()
				b.ResetTimer()
				before := readCalls(b)
				s.d.desk.Post(func() {
					defer close(done)
					one, now := s.d.slices[0], s.d.now()
					for range b.N {
						for inode, last := range s.d.psi {
							last.at = -leastGap // as if it were read a tick ago
							s.d.psi[inode] = last
						}
						s.d.step(one, now)
					}
				})
				<-done
				b.StopTimer()
				b.ReportMetric(float64(readCalls(b)-before)/float64(b.N), "reads/op")
			})
		}
	}
}
