package main

import (
	"time"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/pressure"
)

// Of all tasks and kswapd, which /proc/pressure/memory counts as well and no
// group's memory.pressure does, somebody waits for memory or makes room for a
// twentieth of two seconds: that is how swap begins to fill, long before those
// who run wait for it. Two seconds is the shortest window that needs no
// CAP_SYS_RESOURCE.
const (
	hostPressure = "/proc/pressure/memory"
	stirShare    = pressure.Whole / 20
	stirWindow   = 2 * time.Second
	// stirFor is how long one report of the kernel's counts. The next comes within
	// two windows if it goes on.
	stirFor = 5 * time.Second
)

// stir is what is known of reclaim on the host as a whole.
type stir struct {
	trigger *pressure.Trigger // nil: nothing is known, and a host with swap is not looked at in calm
	told    bool              // the kernel has reported
	at      time.Duration     // when it did last
}

// lately reports whether there was reclaim in the last seconds.
func (s *stir) lately(now time.Duration) bool { return s.told && now-s.at < stirFor }

// openStir has the kernel report reclaim. Without it a host with swap is judged
// by stall and events alone.
func (d *daemon) openStir(file string) {
	if file == "" {
		return
	}
	t, err := pressure.OpenTrigger(unix.AT_FDCWD, file, pressure.Some, stirShare, stirWindow)
	if err == nil {
		_, err = d.poller.Add(t.Fd(), unix.EPOLLPRI, func(uint32) { d.stirred() })
	}
	if err != nil {
		d.tell.plain(prioInfo, "how fast memory and swap fill together (pressure.left) is only looked at where there is no swap: %s: %v", file, err)
		return
	}
	d.stir.trigger = t
}

// stirred looks at the slices whose memory may be filling. What they want next they
// say themselves.
func (d *daemon) stirred() {
	d.stir.told, d.stir.at = true, d.now()
	for _, s := range d.slices {
		if s.m.Phase() == controller.PhaseCalm && s.m.Wants().Slope && !s.m.Slope() {
			s.dirty = true
		}
	}
}
