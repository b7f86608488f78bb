package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/internal/worker"
)

// reviveBound is how long systemd may take to queue a start.
const reviveBound = 5 * time.Second

// fallenFile is the state of the reviver, below the runtime directory: it
// outlives the daemon, and goes with the boot that it speaks of.
type fallenFile struct {
	Version  int                  `json:"version"` // 1
	Fallen   []controller.Fallen  `json:"fallen"`
	Revivals []controller.Revival `json:"revivals"` // times of CLOCK_MONOTONIC
}

// monotonic is the time since boot, which outlives the process.
func monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail for this clock
	return time.Duration(ts.Nano())
}

// recall takes up what an earlier process left to be started again. Without
// the file there is nothing; one that cannot be read is told and left.
func (d *daemon) recall() {
	text, err := os.ReadFile(d.fallen)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var f fallenFile
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err == nil && f.Version != 1 {
		err = fmt.Errorf("version %d, want 1", f.Version)
	}
	if err != nil {
		d.tell.plain(prioErr, "units that wait to be started again are forgotten: %s: %v", d.fallen, err)
		return
	}
	offset := monotonic() - d.now()
	for i := range f.Revivals {
		f.Revivals[i].At -= offset
	}
	d.reviver.Fallen, d.reviver.Revivals = f.Fallen, f.Revivals
}

// remember writes the reviver's state, off the loop.
func (d *daemon) remember() {
	f := fallenFile{Version: 1, Fallen: append([]controller.Fallen{}, d.reviver.Fallen...)}
	offset := monotonic() - d.now()
	for _, r := range d.reviver.Revivals {
		r.At += offset
		f.Revivals = append(f.Revivals, r)
	}
	name := d.fallen
	d.later(func() worker.Answer {
		text, err := json.Marshal(f)
		if err == nil {
			err = os.WriteFile(name+".new", append(text, '\n'), 0o644)
		}
		if err == nil {
			err = os.Rename(name+".new", name)
		}
		if err == nil {
			return nil
		}
		return func() {
			d.tell.plain(prioErr, "units that wait to be started again are not remembered beyond this process: %v", err)
		}
	})
}

// revive starts the next unit whose time has come.
func (d *daemon) revive(now time.Duration) {
	if d.ending || d.conf.Observe {
		return
	}
	if at, ok := d.reviver.Until(); !ok || now < at {
		return
	}
	unit, notes := d.reviver.Step(now)
	for _, n := range notes {
		d.tell.note(n)
	}
	if unit == "" && len(notes) == 0 {
		return
	}
	d.remember()
	if unit == "" {
		return
	}
	answer := func(err error) {
		if n, ok := d.reviver.Started(unit, err); ok {
			d.tell.note(n)
		}
	}
	if !d.starter.Do(func() worker.Answer {
		ctx, cancel := context.WithTimeout(context.Background(), reviveBound)
		defer cancel()
		err := d.manager.StartUnit(ctx, unit)
		return func() { answer(err) }
	}) {
		answer(errBusy)
	}
}
