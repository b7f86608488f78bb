package main

import (
	"fmt"
	"slices"
	"time"
)

// releaseWait is how long an answer to who releases by hand waits for the
// holds to be lifted. Longer than that hangs in the kernel, and is told.
const releaseWait = 1500 * time.Millisecond

// releasing is a release by hand whose holds are being lifted.
type releasing struct {
	of       []*slice
	released int
	by       time.Duration // answered by then
	answer   func(released int, slices []string, err error)
}

// release lifts by hand what is held of a slice, or of all for "", and answers
// when that is done. It runs in the control socket's goroutine; the loop does the work.
func (d *daemon) release(slice string, answer func(released int, slices []string, err error)) {
	d.desk.Post(func() {
		r, known := releasing{by: d.now() + releaseWait, answer: answer}, slice == ""
		for _, s := range d.slices {
			if slice != "" && s.unit != slice {
				continue
			}
			known = true
			n, decided := s.m.Release(d.now(), d.room())
			d.carry(s, decided)
			if n > 0 {
				r.released += n
				r.of = append(r.of, s)
			}
		}
		if !known {
			answer(0, nil, fmt.Errorf("%s: %w", slice, errNoSuchSlice))
			return
		}
		d.releasing = append(d.releasing, r)
	})
}

// released answers those whose holds are lifted.
func (d *daemon) released(now time.Duration) {
	if len(d.releasing) == 0 {
		return
	}
	d.releasing = slices.DeleteFunc(d.releasing, func(r releasing) bool {
		var units []string
		for _, s := range r.of {
			if s.m.Holds() > 0 && now < r.by {
				return false
			}
			units = append(units, s.unit)
		}
		r.answer(r.released, units, nil)
		return true
	})
}
