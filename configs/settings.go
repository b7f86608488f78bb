package configs

import "time"

// sliceSettings is every setting of a slice, with its bounds. The defaults are in defaultPolicy.
func sliceSettings(n Names) []setting[Policy] {
	const second, minute = time.Second, time.Minute
	picks, holds := n.Picks, n.Holds
	if picks == nil {
		picks = []string{"largest", "priority"}
	}
	if holds == nil {
		holds = []string{"throttle", "none"}
	}
	return []setting[Policy]{
		field("priority", integers(-1000, 1000), func(p *Policy) *int { return &p.Priority }),

		table("pressure", func(p *Policy) { p.Watched = true }),
		field("pressure.full", shares(percent/10, "20%"), func(p *Policy) *Share { return &p.Pressure.Full }),
		field("pressure.some", shares(percent/10, "60%"), func(p *Policy) *Share { return &p.Pressure.Some }),
		// The kernel's bounds of a PSI window (Documentation/accounting/psi.rst).
		field("pressure.window", durations(500*time.Millisecond, 10*second, "1s"), func(p *Policy) *time.Duration { return &p.Pressure.Window }),
		// Names in memory.events (Documentation/admin-guide/cgroup-v2.rst).
		field("pressure.events", subset("max", "oom", "high", "low", "oom_kill"), func(p *Policy) *[]string { return &p.Pressure.Events }),

		table("hold", func(*Policy) {}),
		field("hold.by", choice(holds...), func(p *Policy) *string { return &p.Hold.By }),
		field("hold.on", choice("growers", "slice"), func(p *Policy) *string { return &p.Hold.On }),
		field("hold.delay", durations(0, 10*minute, "10s"), func(p *Policy) *time.Duration { return &p.Hold.Delay }),
		field("hold.calm", durations(200*time.Millisecond, 5*minute, "2s"), func(p *Policy) *time.Duration { return &p.Hold.Calm }),
		field("hold.urgent", shares(percent/10, "30%"), func(p *Policy) *Share { return &p.Hold.Urgent }),

		table("stop", func(*Policy) {}),
		field("stop.pick", choice(picks...), func(p *Policy) *string { return &p.Stop.Pick }),
		field("stop.from", choice("slices", "units"), func(p *Policy) *string { return &p.Stop.From }),
		field("stop.grace", durations(0, minute, "5s"), func(p *Policy) *time.Duration { return &p.Stop.Grace }),
		field("stop.settle", durations(0, 5*minute, "5s"), func(p *Policy) *time.Duration { return &p.Stop.Settle }),
	}
}

// daemonSettings is every setting of reprieve.toml. The defaults are in shipped/reprieve.toml.
func daemonSettings() []setting[Daemon] {
	return []setting[Daemon]{
		field("observe", booleans(), func(d *Daemon) *bool { return &d.Observe }),
		field("protect", unitGlobs(), func(d *Daemon) *[]string { return &d.Protect }),

		table("host", func(*Daemon) {}),
		field("host.available", sizes(), func(d *Daemon) *Size { return &d.Host.Available }),
		field("host.swap", sizes(), func(d *Daemon) *Size { return &d.Host.Swap }),
	}
}
