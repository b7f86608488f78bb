package main

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/plugins"
	"reprieve/pressure"
)

// act is one part of a rehearsal.
type act struct {
	does    string // "kill it whole"
	proves  string // what fails its proof with it
	follows string // what that means in an episode
	cure    string
	memory  bool // it needs the memory controller
	must    bool // nothing after it can be done without it
	run     func(*rehearsal) error
}

// Where the cure begins for what is refused.
const (
	byUnit   = "compare reprieved.service with the one that is shipped (ReadWritePaths=/sys/fs/cgroup, ProtectControlGroups=no, CapabilityBoundingSet=, SystemCallFilter=)"
	byKernel = "see whether the kernel has it and whether a security module forbids it (journalctl -k); " + byUnit
)

// acts are the parts of a rehearsal in their order.
func acts() []act {
	return []act{
		{
			does: "make a group", proves: "kill path", must: true, run: (*rehearsal).make,
			follows: "nobody knows whether a hold holds and a stop kills; both are tried all the same, and a stop goes by systemd too",
			cure:    "see cgroup.max.descendants, cgroup.max.depth and the owner of the daemon's slice and of those above it; " + byUnit,
		},
		{
			does: "start a process in it", proves: "kill path", must: true, run: (*rehearsal).people,
			follows: "nobody knows whether a hold holds and a stop kills; both are tried all the same, and a stop goes by systemd too",
			cure:    "where it was only late, the host is short of memory or of CPUs, and a new start later tells more; " + byUnit,
		},
		{
			does: "read it", proves: "reading", memory: true, run: (*rehearsal).read,
			follows: "who grows, fits or stalls is judged without what cannot be read, and a leaf that cannot be read is never stopped",
			cure:    byKernel,
		},
		{
			does: "throttle it", proves: "hold", memory: true, run: (*rehearsal).throttle,
			follows: "a hold by throttle may hold nobody: the delay is waited out all the same, and the kernel's OOM killer may come first",
			cure:    "see that /run/reprieve/holds can be written; " + byUnit,
		},
		{
			does: "freeze it", proves: "hold", run: (*rehearsal).freeze,
			follows: "a hold by freeze may hold nobody", cure: byKernel,
		},
		{
			does: "choose it", proves: "choice of a victim", memory: true, run: (*rehearsal).choose,
			follows: "a stop may find nobody to stop", cure: byKernel,
		},
		{
			does: "arm it", proves: "failsafe", memory: true, run: (*rehearsal).arm,
			follows: "the kernel's OOM killer may kill parts of a group, where a stop takes all of it", cure: byKernel,
		},
		{
			does: "mark it as stopped", proves: "kill path", run: (*rehearsal).mark,
			follows: "systemd does not call a unit that a stop took down oom-kill, and OnFailure= is not run",
			cure:    "cgroup2 takes user extended attributes from Linux 5.7 on; " + byUnit,
		},
		{
			does: "take a killed process's memory", proves: "kill path", run: func(*rehearsal) error { return memcg.MayRelease() },
			follows: "the memory of a killed process that hangs does not come back before it ends",
			cure:    "allow process_mrelease in SystemCallFilter=",
		},
		{
			does: "kill its process by pidfd", proves: "kill path", run: (*rehearsal).sweep,
			follows: "a stop cannot kill what cgroup.kill passes over: processes whose main thread has exited live on", cure: byKernel,
		},
		{
			does: "kill it whole", proves: "kill path", run: (*rehearsal).kill,
			follows: "a stop cannot kill by cgroup.kill: only systemd's StopUnit ends a group, in its own time",
			cure:    "cgroup.kill is there from Linux 5.14 on; " + byUnit,
		},
	}
}

// removal is the last act, done in any case.
func removal() *act {
	return &act{
		does: "remove the group", proves: "kill path",
		follows: "a group is left behind beside the daemon's own; the next start tries again. A stop may meet the same",
		cure:    "see who lives in " + rehearsalName + " (systemd-cgls) and what the kernel says (journalctl -k)",
	}
}

// make makes the group and opens what is open of a leaf. A group that an
// earlier process left is removed first.
func (r *rehearsal) make() (err error) {
	if err := memcg.Make(r.mount, r.path, r.until); err != nil {
		return err
	}
	if r.group, err = memcg.Open(r.mount, r.path); err != nil {
		return errors.Join(err, memcg.Remove(r.mount, r.path, r.end))
	}
	if r.parent, err = memcg.Open(r.mount, path.Dir(r.path)); err != nil {
		return err
	}
	err = r.group.Prepare(leafFiles...)
	r.bare = r.group.Fd(memcg.Current) < 0
	return err
}

// people puts a process into the group, with memory of its own there.
func (r *rehearsal) people() (err error) {
	if r.first, err = startDummy(r.program); err != nil {
		return err
	}
	if err = r.group.Admit(r.first.process.Pid); err != nil {
		return err
	}
	return r.first.ready(r.until)
}

// read reads all that an episode reads of a leaf.
func (r *rehearsal) read() error {
	g, buf := r.group, &r.buf
	_, errUsage := g.Usage(buf)
	_, errSwap := g.Swap(buf)
	text, errPressure := g.PressureText(buf)
	if errPressure == nil {
		_, errPressure = pressure.Parse(text)
	}
	_, errEvents := g.Events(buf)
	_, errLocal := g.LocalEvents(buf)
	_, errStat := g.Stat(buf)
	_, errGuard := g.Guard(buf)
	populated, errPopulated := g.Populated(buf)
	if errPopulated == nil && !populated {
		errPopulated = errors.New("cgroup.events has populated 0 with a process in the group")
	}
	return errors.Join(errUsage, errSwap, errPressure, errEvents, errLocal, errStat, errGuard, errPopulated)
}

func (r *rehearsal) intent() memcg.Intent {
	return memcg.Intent{Slice: path.Base(path.Dir(r.path)), Until: r.end}
}

// hold begins a hold, which lift ends.
func (r *rehearsal) hold(way string) (err error) {
	held, err := r.ways[way].Hold(r.group, r.intent(), nil, 0)
	if err == nil {
		r.held, r.way = held, r.ways[way]
	}
	return err
}

// lift ends it, and looks whether the file holds what it held before. What it
// cannot end clear tries again.
func (r *rehearsal) lift() error {
	if _, err := r.way.Lift(r.group, r.held); err != nil {
		r.stuck = append(r.stuck, stuck{r.way, r.held})
		return err
	}
	return r.holds(r.held.File, r.held.Old)
}

// holds asks whether a file of the group holds a value.
func (r *rehearsal) holds(f memcg.File, want memcg.Limit) error {
	found, err := r.group.Value(f, &r.buf)
	if err == nil && found != want {
		err = fmt.Errorf("%s: %s holds %v, want %v", r.path, f, found, want)
	}
	return err
}

// throttle holds the group by memory.high, moves the mark and lifts the hold.
func (r *rehearsal) throttle() error {
	if err := r.hold("throttle"); err != nil {
		return err
	}
	err := r.holds(memcg.High, r.held.Mark)
	if err == nil {
		r.held, err = r.way.Move(r.group, r.intent(), r.held, r.held.Mark+dummyBytes)
	}
	if err == nil {
		err = r.holds(memcg.High, r.held.Mark)
	}
	return errors.Join(err, r.lift())
}

// freeze stops and thaws the group.
func (r *rehearsal) freeze() error {
	if err := r.hold("freeze"); err != nil {
		return err
	}
	err := r.group.AwaitFrozen(true, r.until)
	return errors.Join(err, r.lift(), r.group.AwaitFrozen(false, r.until))
}

// choose weighs the group as the only candidate, by all pickers.
func (r *rehearsal) choose() error {
	g := r.group
	ro := &roster{self: r.parent, levels: []controller.Level{{Unit: rehearsalName, Path: g.Path, Inode: g.Inode}}, depth: 1}
	ro.entries = []entry{{group: g, way: []int{0}, candidate: controller.Candidate{
		Unit: rehearsalName, Path: g.Path, Inode: g.Inode, Leaves: []*controller.Leaf{controller.NewLeaf(rehearsalName, g.Path, g.Inode)},
	}}}
	w := ro.another()
	w.mount, w.samples = r.mount, true
	w.scale = controller.Scale{Order: plugins.Order(plugins.PickNames()), Recursive: r.recursive, Kernel: true}
	w.Run()
	for _, opened := range w.extra {
		opened.Release()
	}
	if i := slices.IndexFunc(w.all, func(c controller.Candidate) bool { return c.Inode == g.Inode }); i != 0 {
		return fmt.Errorf("it is number %d of %d candidates, want the first of one", i+1, len(w.all))
	}
	if why := w.all[0].Excluded(); why != "" {
		return fmt.Errorf("it is left out: %s", why)
	}
	// In a crisis some of it may be in swap already.
	if charged := w.all[0].UsageBytes + w.all[0].SwapBytes; charged < dummyBytes {
		return fmt.Errorf("%d bytes are charged to it, in memory and in swap, want the %d of its process", charged, dummyBytes)
	}
	return nil
}

// arm sets memory.oom.group and takes it back.
func (r *rehearsal) arm() error {
	for _, want := range []bool{true, false} {
		change := r.group.Disarm
		if want {
			change = r.group.Arm
		}
		if _, err := change(); err != nil {
			return err
		}
		if set, ours, err := r.group.OOMGroup(); err != nil || set != want || ours != want {
			return errors.Join(err, fmt.Errorf("memory.oom.group is set: %v, and by us: %v, want %v", set, ours, want))
		}
	}
	return nil
}

func (r *rehearsal) mark() error { return r.group.MarkStopped() }

// sweep kills the first process as what cgroup.kill has left.
func (r *rehearsal) sweep() error {
	swept, err := r.group.Sweep()
	if err == nil && swept.Killed != 1 {
		err = fmt.Errorf("SIGKILL reached %d processes, want the one that lives there", swept.Killed)
	}
	return errors.Join(err, r.first.killed(r.until), r.group.AwaitEmpty(r.until))
}

// kill has a second process move in, kills the group whole, and sweeps what is
// empty. The process is started when the first is gone: what it takes before it
// moves is charged to the daemon.
func (r *rehearsal) kill() (err error) {
	if r.second, err = startDummy(r.program); err != nil {
		return err
	}
	if err := r.group.Admit(r.second.process.Pid); err != nil {
		return err
	}
	if err := r.group.Kill(); err != nil {
		return err
	}
	if err := errors.Join(r.second.killed(r.until), r.group.AwaitEmpty(r.until)); err != nil {
		return err
	}
	_, err = r.group.Sweep()
	return err
}
