package main

import (
	"context"
	"strings"

	"reprieve/internal/worker"
	"reprieve/units"
)

// sayBlind tells by which signs pressure is known on a host without swap.
func (d *daemon) sayBlind() {
	if m, err := d.info.Read(&d.buf); err != nil || m.SwapTotal > 0 || len(d.slices) == 0 {
		return
	}
	var slope, late []string
	for _, s := range d.slices {
		if s.dirty {
			d.step(s, d.now()) // the first reading
		}
		switch {
		case s.m.Slope():
			slope = append(slope, s.unit)
		default:
			late = append(late, s.unit)
		}
	}
	text := "this host has no swap, where stall comes in the last half second:"
	if len(slope) > 0 {
		text += " " + strings.Join(slope, ", ") + " is also watched by how fast its memory fills (pressure.left), with a look every 0.25 to 10 s;"
	}
	if len(late) > 0 {
		text += " " + strings.Join(late, ", ") + " by stall and memory.events alone: it has no memory.max to fill, or pressure.left is 0;"
	}
	d.tell.plain(prioNotice, "%s", strings.TrimSuffix(text, ";"))
}

// started is reached when every slice that was there is watched.
func (d *daemon) started() {
	watched := "nothing is watched: no slice has a [pressure] table; see /usr/lib/reprieve/examples"
	if n := len(d.slices); n > 0 {
		names := make([]string, 0, n)
		for _, s := range d.slices {
			names = append(names, s.unit)
		}
		watched = "watching " + strings.Join(names, ", ")
	} else if named := d.set.Named(); len(named) > 0 {
		watched = "nothing is watched yet: of " + strings.Join(named, ", ") + " none is there or none has a [pressure] table"
	}
	if d.conf.Observe {
		watched += "; observing only, nothing is held or stopped"
	}
	d.tell.say(idStarted, prioNotice, "started; "+watched)
	if !d.bus.Connected {
		d.tell.plain(prioWarning, "no connection to systemd (%v): a stop is a cgroup.kill until there is one, and Restart= brings units back", d.bus.Err)
	}
	d.sayBlind()
	d.countToll()
	d.readyAt = d.now()
	d.endStart()
	d.setStatus()
	_ = d.notifier.Ready()
	d.asker.Do(d.lookForKillers)
}

// lookForKillers names other memory killers on the host, in a worker: one that
// watches the same groups takes the stall of a hold for pressure.
func (d *daemon) lookForKillers() worker.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), aboutBound)
	defer cancel()
	killers, _ := d.manager.OtherKillers(ctx) // who is not described is not named
	if len(killers) == 0 {
		return nil
	}
	return func() {
		d.killers = killers
		d.tell.plain(prioWarning, "%s is active: a memory killer that watches the same groups takes the stall of a hold for pressure, and may kill who is only held", strings.Join(killers, ", "))
	}
}

// busChanged is told of each change of the connection to systemd.
func (d *daemon) busChanged(s units.State) {
	was := d.bus
	d.bus = s
	switch {
	case s.Connected && !was.Connected:
		d.tell.plain(prioInfo, "connected to systemd (%s)", s.Via)
	case !s.Connected && was.Connected:
		d.tell.plain(prioNotice, "lost the connection to systemd (%v), connecting again", s.Err)
	}
}
