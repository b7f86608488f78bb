package configs

import "time"

// sliceSettings is every setting of a slice, with its bounds. The defaults are in defaultPolicy.
func sliceSettings(n Names) []setting[Policy] {
	const second, minute, hour = time.Second, time.Minute, time.Hour
	picks, holds := n.Picks, n.Holds
	if picks == nil {
		picks = []string{"growth", "largest", "newest", "offender", "priority", "reclaim", "stall", "swap"}
	}
	if holds == nil {
		holds = []string{"throttle", "freeze", "raise", "none"}
	}
	return []setting[Policy]{
		field("priority", integers(-1000, 1000), func(p *Policy) *int { return &p.Priority }),

		table("pressure", func(p *Policy) { p.Watched = true }),
		field("pressure.full", shares(percent/10, whole, "20%"), func(p *Policy) *Share { return &p.Pressure.Full }),
		field("pressure.some", shares(percent/10, whole, "60%"), func(p *Policy) *Share { return &p.Pressure.Some }),
		// The kernel's bounds of a PSI window (Documentation/accounting/psi.rst).
		field("pressure.window", durations(500*time.Millisecond, 10*second, "1s"), func(p *Policy) *time.Duration { return &p.Pressure.Window }),
		// Names in memory.events (Documentation/admin-guide/cgroup-v2.rst).
		field("pressure.events", subset("max", "oom", "high", "low", "oom_kill"), func(p *Policy) *[]string { return &p.Pressure.Events }),
		field("pressure.scarce", shares(0, whole, "10%"), func(p *Policy) *Share { return &p.Pressure.Scarce }),
		field("pressure.left", durations(0, minute, "3s"), func(p *Policy) *time.Duration { return &p.Pressure.Left }),

		table("hold", func(*Policy) {}),
		field("hold.by", choice(holds...), func(p *Policy) *string { return &p.Hold.By }),
		field("hold.on", choice("growers", "slice"), func(p *Policy) *string { return &p.Hold.On }),
		field("hold.delay", durations(0, maxDelay, "10s"), func(p *Policy) *time.Duration { return &p.Hold.Delay }),
		field("hold.calm", durations(200*time.Millisecond, 5*minute, "2s"), func(p *Policy) *time.Duration { return &p.Hold.Calm }),
		field("hold.urgent", shares(0, whole, "30%"), func(p *Policy) *Share { return &p.Hold.Urgent }),
		field("hold.futile", durations(100*time.Millisecond, minute, "1s"), func(p *Policy) *time.Duration { return &p.Hold.Futile }),
		field("hold.squeeze", shares(0, 50*percent, "5%"), func(p *Policy) *Share { return &p.Hold.Squeeze }),
		field("hold.lend", amounts(1<<20, 1<<40, "256M"), func(p *Policy) *uint64 { return &p.Hold.LendBytes }),
		ladder("hold.step", stepSettings(holds), func(p *Policy) *[]Step { return &p.Hold.Steps }),

		table("stop", func(*Policy) {}),
		field("stop.pick", ranking(picks...), func(p *Policy) *[]string { return &p.Stop.Pick }),
		field("stop.from", choice("slices", "units"), func(p *Policy) *string { return &p.Stop.From }),
		field("stop.min", sizes(), func(p *Policy) *Size { return &p.Stop.Min }),
		field("stop.grace", durations(0, minute, "5s"), func(p *Policy) *time.Duration { return &p.Stop.Grace }),
		field("stop.settle", durations(0, 5*minute, "5s"), func(p *Policy) *time.Duration { return &p.Stop.Settle }),
		field("stop.revive", choice("never", "calm", "restart"), func(p *Policy) *string { return &p.Stop.Revive }),
		field("stop.revive_after", durations(0, hour, "30s"), func(p *Policy) *time.Duration { return &p.Stop.ReviveAfter }),
		field("stop.revive_max", rates(1000, second, 24*hour, "3/1h"), func(p *Policy) *Rate { return &p.Stop.ReviveMax }),
		field("stop.arm", booleans(), func(p *Policy) *bool { return &p.Stop.Arm }),
		field("stop.hooks", durations(0, 10*second, "1s"), func(p *Policy) *time.Duration { return &p.Stop.Hooks }),
	}
}

// daemonSettings is every setting of reprieve.toml. The defaults are in shipped/reprieve.toml.
func daemonSettings() []setting[Daemon] {
	return []setting[Daemon]{
		field("observe", booleans(), func(d *Daemon) *bool { return &d.Observe }),
		field("protect", unitGlobs(), func(d *Daemon) *[]string { return &d.Protect }),
		field("trace", directories(), func(d *Daemon) *string { return &d.Trace }),
		field("guard", durationsOrOff(500*time.Millisecond, time.Minute, "2s"), func(d *Daemon) *time.Duration { return &d.Guard }),
		field("records", integers(0, 100_000), func(d *Daemon) *int { return &d.Records }),

		table("host", func(*Daemon) {}),
		field("host.available", sizes(), func(d *Daemon) *Size { return &d.Host.Available }),
		field("host.swap", sizes(), func(d *Daemon) *Size { return &d.Host.Swap }),

		table("compat", func(*Daemon) {}),
		field("compat.managed_oom", booleans(), func(d *Daemon) *bool { return &d.Compat.ManagedOOM }),
	}
}
