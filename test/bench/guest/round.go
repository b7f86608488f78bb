package guest

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"reprieve/test/bench/observe"
	"reprieve/test/bench/result"
)

const (
	settle    = 3 * time.Second  // from the start of a controller to the first look at it
	calmSpan  = 20 * time.Second // of calm
	lead      = 1200 * time.Millisecond
	aftermath = 4 * time.Second // from the load's end to the last look
)

// round is one run under way.
type round struct {
	load       load
	controller controller
	freeBytes  int64    // of the guest at its start
	files      []string // that were written
	before     services
	oomKills   int64
	used       usage
	runner     *runner // nil for the kernel alone
}

// run sets all up, looks at what happens, and fills in the result.
func (r *round) run(name string, run *result.Run) error {
	var err error
	if r.controller, err = controllerOf(name); err != nil {
		return err
	}
	if err := r.prepare(); err != nil {
		return err
	}
	if run.Version, err = r.controller.version(); err != nil {
		return err
	}
	if err := r.startController(run); err != nil {
		return err
	}
	runtime.GC()
	if r.before, err = running(); err != nil {
		return err
	}
	if r.oomKills, err = counter("/proc/vmstat", "oom_kill"); err != nil {
		return err
	}
	free, err := available()
	if err != nil {
		return err
	}
	if err := r.crisis(run); err != nil {
		return err
	}
	run.Outcome.AvailableBytes = free
	return nil
}

// prepare writes the units and the settings, and starts all but the controller and the load.
func (r *round) prepare() error {
	settings, err := r.controller.files()
	if err != nil {
		return err
	}
	if err := write(settings, &r.files); err != nil {
		return err
	}
	if err := write(r.load.units(), &r.files); err != nil {
		return err
	}
	if r.load.swap {
		if err := steps([]string{"mkswap", swapDevice}, []string{"swapon", swapDevice}); err != nil {
			return err
		}
	}
	return steps(
		[]string{"systemctl", "daemon-reload"},
		[]string{"systemctl", "start", guard, watched, victim, canary, keeper, neighbour})
}

// swapDevice is the guest's empty disk for swap.
const swapDevice = "/dev/vdc"

// startController starts it and lets it come to rest, and measures the calm where that is to be.
func (r *round) startController(run *result.Run) error {
	if r.controller.unit == "" {
		time.Sleep(settle)
		return nil
	}
	if err := steps([]string{"systemctl", "start", r.controller.unit}); err != nil {
		return err
	}
	time.Sleep(settle)
	found, err := find(r.controller.unit)
	if err != nil {
		return err
	}
	r.runner = &found
	if r.used, err = found.usage(); err != nil || !r.load.calm {
		return err
	}
	time.Sleep(calmSpan)
	before := r.used
	if r.used, err = found.usage(); err != nil {
		return err
	}
	run.Calm = calm(before, r.used)
	return nil
}

// crisis starts the load, looks until it is over, and asks who is left.
func (r *round) crisis(run *result.Run) error {
	w, err := observe.Open(observe.Groups{Load: watched, Victim: victim, Guard: guard}, lead+r.load.most, aftermath)
	if err != nil {
		return err
	}
	defer w.Close()
	w.Start()
	time.Sleep(lead)
	start := observe.Now()
	if _, err := command("systemctl", "start", loadService); err != nil {
		w.Stop()
		_, _ = w.Wait() // the load is what is wrong
		return err
	}
	samples, err := w.Wait()
	if err != nil {
		return err
	}
	run.Outcome = observe.Judge(samples, start)
	if r.runner != nil {
		// One that died in the crisis has no figures, and is among those who died.
		if run.Crisis, err = r.runner.crisis(r.used); err != nil && !errors.Is(err, errGone) {
			return fmt.Errorf("%s after the load: %w", r.controller.unit, err)
		}
	}
	// A load that lives would only keep the questions waiting.
	kill(victim)
	ticks, err := os.ReadFile(record)
	if err != nil {
		return err
	}
	run.Canary = observe.Canary(ticks, tick, start, start+run.Outcome.WatchedMicros)
	return r.count(&run.Outcome)
}

// count says who died.
func (r *round) count(out *result.Outcome) error {
	after, err := running()
	if err != nil {
		return err
	}
	// The load itself was ended above, if not before.
	after[loadService], r.before[loadService] = "", ""
	out.Innocent = r.before.died(after)
	out.Died = out.Innocent
	if out.EmptyMicros != nil {
		out.Died = append([]string{loadService}, out.Died...)
		if r.load.spare {
			out.Innocent = out.Died
		}
	}
	kills, err := counter("/proc/vmstat", "oom_kill")
	out.OOMKills = kills - r.oomKills
	return err
}

// version asks Debian for the version of a peer, and the daemon for its own.
func (c controller) version() (string, error) {
	switch {
	case c.unit == "":
		return "", nil
	case c.pkg == "":
		return command("reprieved", "-version")
	}
	return command("dpkg-query", "--show", "--showformat=${Version}", c.pkg)
}
