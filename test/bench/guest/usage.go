package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"reprieve/test/bench/observe"
	"reprieve/test/bench/result"
	"reprieve/test/watch"
)

// usage is what a controller has used since it was started.
type usage struct {
	at          int64 // microseconds
	pid         int
	cpuMicros   int64
	wakeUps     int64
	stall       result.Stall
	majorFaults int64
}

// runner is a controller that runs.
type runner struct {
	unit   string
	cgroup string // its directory
}

// find asks systemd for the group of a service that runs.
func find(unit string) (runner, error) {
	path, err := command("systemctl", "show", "--value", "--property=ControlGroup", unit)
	if err == nil && path == "" {
		err = fmt.Errorf("%s has no group: it does not run", unit)
	}
	return runner{unit: unit, cgroup: watch.CgroupRoot + path}, err
}

// errGone is what a controller that does not run any more has for usage.
var errGone = errors.New("it does not run")

// pid is the process of the group with the lowest number: the main one, unless it wrapped around.
func (r runner) pid() (int, error) {
	text, err := os.ReadFile(r.cgroup + "/cgroup.procs")
	if watch.Gone(err) || err == nil && len(text) == 0 {
		return 0, fmt.Errorf("%s: %w", r.unit, errGone)
	}
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(first)
}

// usage reads all of it.
func (r runner) usage() (usage, error) {
	u := usage{at: observe.Now()}
	var err error
	if u.pid, err = r.pid(); err != nil {
		return u, err
	}
	if u.cpuMicros, err = counter(r.cgroup+"/cpu.stat", "usage_usec"); err != nil {
		return u, err
	}
	if u.wakeUps, err = switches(u.pid); err != nil {
		return u, err
	}
	if u.majorFaults, err = majorFaults(u.pid); err != nil {
		return u, err
	}
	u.stall, err = observe.StallOf(r.cgroup + "/memory.pressure")
	return u, err
}

// switches adds up the context switches of all threads of a process. Those of threads that have ended are lost; daemons keep theirs.
func switches(pid int) (int64, error) {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid)) // the pattern is good
	sum := int64(0)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if watch.Gone(err) {
			continue
		}
		if err != nil {
			return 0, err
		}
		for _, name := range []string{"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"} {
			n, ok := field(string(text), name)
			if !ok {
				return 0, fmt.Errorf("%s has no %s", path, name)
			}
			sum += n
		}
	}
	return sum, nil
}

// majorFaults is field 12 of /proc/PID/stat. The name of the process, the second, may have spaces and brackets in it.
func majorFaults(pid int) (int64, error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const at = 12 - 3 // the first one behind the name is the third
	if len(fields) <= at {
		return 0, fmt.Errorf("%s: %q has no field 12", path, text)
	}
	return strconv.ParseInt(fields[at], 10, 64)
}

// calm is what was used between two looks when nothing happened.
func calm(before, after usage) *result.Calm {
	return &result.Calm{Micros: after.at - before.at, CPUMicros: after.cpuMicros - before.cpuMicros, WakeUps: after.wakeUps - before.wakeUps}
}

// crisis is what was used since before, and what memory the controller has now. Of one that was started again it is what it used since
// then. The error wraps errGone where it does not run.
func (r runner) crisis(before usage) (*result.Crisis, error) {
	after, err := r.usage()
	if err != nil {
		return nil, err
	}
	restarted := after.pid != before.pid
	if restarted {
		before = usage{at: before.at} // a new group counts from zero
	}
	c := &result.Crisis{
		Micros: after.at - before.at, CPUMicros: after.cpuMicros - before.cpuMicros, WakeUps: after.wakeUps - before.wakeUps,
		Stall: after.stall.Sub(before.stall), MajorFaults: after.majorFaults - before.majorFaults, Restarted: restarted,
	}
	for _, f := range []struct {
		to   *int64
		name string
	}{{&c.PeakBytes, "memory.peak"}, {&c.CurrentBytes, "memory.current"}} {
		text, err := os.ReadFile(r.cgroup + "/" + f.name)
		if err != nil {
			return nil, err
		}
		if *f.to, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", f.name, r.unit, err)
		}
	}
	kilobytes, err := counter(fmt.Sprintf("/proc/%d/status", after.pid), "VmRSS")
	c.RSSBytes = kilobytes << 10
	return c, err
}
