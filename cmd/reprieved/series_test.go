package main

import (
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/episodes"
	"reprieve/pressure"
)

// Ensure calm keeps a minute, an episode all of it however long, and both stay within their room without allocating.
func TestSeries(t *testing.T) {
	s := &series{}
	s.reset()
	r := controller.Reading{UsageBytes: 7, UsageOK: true}
	now := time.Duration(0)
	for range 200 {
		now += 5 * time.Second
		s.note(now, &r, 0)
	}
	if s.n < 10 || s.n > 13 || now-s.points[0].at > seriesReach {
		t.Errorf("%d readings of calm are kept, the oldest %v old; want a minute of them", s.n, now-s.points[0].at)
	}
	s.runs, s.began = true, now
	const ticks = 10_000
	allocs := testing.AllocsPerRun(1, func() {
		for range ticks / 2 { // it runs twice
			now += controller.Tick
			s.note(now, &r, 1)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations in %d readings, want none", allocs, ticks)
	}
	if a := s.samples().Averages; a != nil {
		t.Errorf("averages %+v where none were read, want none", a)
	}
	s.averages, s.averagesOK = pressure.Averages{Some: [3]uint16{912, 187, 40}, Full: [3]uint16{10000, 5, 0}}, true
	all := s.samples()
	if want := (episodes.Averages{SomePercent: [3]float64{9.12, 1.87, 0.4}, FullPercent: [3]float64{100, 0.05, 0}}); *all.Averages != want {
		t.Errorf("averages %+v, want %+v", *all.Averages, want)
	}
	n := len(all.AtUsec)
	if n < seriesRoom/2 || n > seriesRoom {
		t.Errorf("%d readings of %d are kept, want some %d", n, ticks, seriesRoom)
	}
	gap := all.AtUsec[n-1] - all.AtUsec[n-2]
	for i := n / 2; i < n; i++ {
		if all.AtUsec[i]-all.AtUsec[i-1] != gap {
			t.Fatalf("reading %d is %d us after the one before, the last %d; want them evenly spread", i, all.AtUsec[i]-all.AtUsec[i-1], gap)
		}
	}
	if last := all.AtUsec[n-1]; time.Duration(last)*time.Microsecond < (ticks-64)*controller.Tick {
		t.Errorf("the last reading is at %v, want it near the end, %v", time.Duration(last)*time.Microsecond, ticks*controller.Tick)
	}
	if all.SomeUsec[0] != -1 || all.AvailableBytes[0] != -1 || all.UsageBytes[0] != 7 {
		t.Errorf("a reading without stall and host is %d, %d, usage %d; want -1, -1, 7", all.SomeUsec[0], all.AvailableBytes[0], all.UsageBytes[0])
	}
}
