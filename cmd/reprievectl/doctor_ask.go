package main

import (
	"cmp"
	"context"
	"sync"

	"reprieve/internal/control"
	"reprieve/internal/probe"
	"reprieve/units"
)

// answers is what systemd says.
type answers struct {
	connection  probe.Connection
	killers     []string
	killersSeen bool
	service     probe.Service
}

// ask asks systemd, for at most the bound.
func (at doctorPlaces) ask() answers {
	ctx, cancel := context.WithTimeout(context.Background(), at.bound)
	manager := units.New(at.systemd)
	var running sync.WaitGroup
	running.Go(func() { manager.Run(ctx) })
	defer running.Wait()
	defer cancel()
	var a answers
	var err error
	a.killers, err = manager.OtherKillers(ctx)
	a.killersSeen = err == nil
	state := manager.State()
	a.connection = probe.Connection{Via: state.Via, Err: cmp.Or(state.Err, err)}
	if state.Connected {
		a.service = service(ctx, manager)
	}
	return a
}

// service asks about the daemon's own.
func service(ctx context.Context, manager *units.Manager) probe.Service {
	p, err := manager.Read(ctx, "reprieved.service", "Unit.LoadState", "Unit.ActiveState", "Unit.UnitFileState", "Unit.NeedDaemonReload",
		"Service.LimitMEMLOCK", "Service.CapabilityBoundingSet")
	s := probe.Service{Seen: err == nil}
	s.LoadState, _ = p["Unit.LoadState"].(string)
	s.ActiveState, _ = p["Unit.ActiveState"].(string)
	s.FileState, _ = p["Unit.UnitFileState"].(string)
	s.NeedReload, _ = p["Unit.NeedDaemonReload"].(bool)
	var limit, set bool
	s.MemlockBytes, limit = p["Service.LimitMEMLOCK"].(uint64)
	s.Capabilities, set = p["Service.CapabilityBoundingSet"].(uint64)
	s.HasLimits = limit && set
	return s
}

// daemon asks the daemon what it proved. Only root can, and only where one runs.
func (at doctorPlaces) daemon() probe.Daemon {
	s, err := control.Client{Socket: at.control}.Status(context.Background())
	if err != nil {
		return probe.Daemon{}
	}
	return probe.Daemon{Seen: true, Unproved: s.Unproved, Locked: s.MemoryLocked, BadLoads: s.BadConfigurations}
}
