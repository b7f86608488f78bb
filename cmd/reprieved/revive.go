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
	"reprieve/internal/realtime"
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

// rememberJob writes the reviver's state.
type rememberJob struct {
	d        *daemon
	fallen   []controller.Fallen
	revivals []controller.Revival
	busy     bool
	again    bool // it changed meanwhile
	err      error
}

func (j *rememberJob) Run() { realtime.During(j.write) }

func (j *rememberJob) write() {
	name := j.d.fallen
	text, err := json.Marshal(fallenFile{Version: 1, Fallen: j.fallen, Revivals: j.revivals})
	if err == nil {
		err = os.WriteFile(name+".new", append(text, '\n'), 0o644)
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	j.err = err
}

func (j *rememberJob) Answer() {
	j.busy = false
	j.d.owed--
	if j.err != nil {
		j.d.tell.plain(prioErr, "units that wait to be started again are not remembered beyond this process: %v", j.err)
	}
	if j.again {
		j.d.remember()
	}
}

// remember writes the reviver's state, off the loop.
func (d *daemon) remember() {
	j := &d.remembering
	if j.again = j.busy; j.busy {
		return
	}
	offset := monotonic() - d.now()
	j.d, j.fallen, j.revivals = d, append(j.fallen[:0], d.reviver.Fallen...), append(j.revivals[:0], d.reviver.Revivals...)
	for i := range j.revivals {
		j.revivals[i].At += offset
	}
	if j.busy = d.taker.Give(j); !j.busy {
		d.tell.plain(prioErr, "units that wait to be started again are not remembered beyond this process: %v", errBusy)
		return
	}
	d.owed++
}

// revive starts the next unit whose time has come.
func (d *daemon) revive(now time.Duration) {
	if d.ending || d.conf.Observe || now < d.pausedUntil {
		return
	}
	if at, ok := d.reviver.Until(); !ok || now < at {
		return
	}
	unit, notes := d.reviver.Step(now)
	for i := range notes {
		d.tell.note(&notes[i], nil)
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
			d.tell.note(&n, nil)
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
