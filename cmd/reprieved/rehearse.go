package main

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"reprieve/memcg"
	"reprieve/plugins"
)

// rehearsalName is the group that a rehearsal makes beside the daemon's own.
// systemd knows no unit of this name.
const rehearsalName = "reprieve-rehearsal"

const (
	startBound     = 2 * time.Second // how long the start waits for a rehearsal
	actsBound      = 7 * time.Second // how long its acts may take before that is a failure
	rehearsalBound = 8 * time.Second // how long all of it may: a start is often in the middle of a crisis
)

// rehearsal does at every start to a group of the daemon's own what an episode
// does to others, with the same code: what the sandbox or the kernel does not
// allow is known before it is needed. It also touches what an episode will touch.
type rehearsal struct {
	mount, path string // of its group
	program     string // what dummies are made of
	ways        map[string]plugins.Way
	recursive   bool
	until       time.Time // for the acts
	end         time.Time // for clearing up
	under       atomic.Pointer[act]

	parent, group *memcg.Group
	bare          bool // the group has no files of the memory controller
	first, second *dummy
	way           plugins.Way // of the hold in force, if any
	held          memcg.Hold
	stuck         []stuck
	buf           memcg.Buffer
}

// stuck is a hold that could not be lifted.
type stuck struct {
	way  plugins.Way
	held memcg.Hold
}

// proof is what a rehearsal showed.
type proof struct {
	took   time.Duration
	failed []failure
	bare   string // where the memory controller is not on; "": it is
}

// failure is an act that failed.
type failure struct {
	*act
	err error
}

// newRehearsal is a rehearsal beside the daemon's own group.
func (d *daemon) newRehearsal() *rehearsal {
	now := time.Now()
	r := &rehearsal{
		mount: d.mount, path: path.Join(path.Dir(d.own), rehearsalName), program: d.program,
		ways: d.ways, recursive: d.recursive, until: now.Add(actsBound), end: now.Add(rehearsalBound),
	}
	r.under.Store(&acts()[0])
	return r
}

// rehearse proves at the start that holds, freezes and kills work, and says so
// loudly where they do not. The daemon goes on: the rest of them may work, and
// so may systemd. A host that is short of memory or of CPUs may keep the
// rehearsal for longer than the start may wait: then it goes on beside the loop.
func (d *daemon) rehearse() {
	if d.program != "" {
		d.perform(d.newRehearsal())
	}
}

func (d *daemon) perform(r *rehearsal) {
	done := make(chan proof, 1)
	go func() { done <- r.run() }()
	select {
	case p := <-done:
		d.judge(p)
	case <-time.After(startBound):
		does := r.under.Load().does
		d.tell.plain(prioWarning, "the rehearsal of hold, freeze and kill is not over after %v, in the step %q; the start goes on without it", startBound, does)
		d.unproved = "the rehearsal goes on in the step " + does
		go d.await(r, done)
	}
}

// await judges a rehearsal that the start has not waited for: when it is over,
// and before that where the kernel does not come back from it.
func (d *daemon) await(r *rehearsal, done <-chan proof) {
	judge := func(p proof) { d.desk.Post(func() { d.judge(p); d.setStatus() }) }
	select {
	case p := <-done:
		judge(p)
	case <-time.After(time.Until(r.end) + time.Second):
		judge(proof{failed: []failure{{r.under.Load(), fmt.Errorf("it hangs: %w", memcg.ErrLate)}}})
		judge(<-done)
	}
}

// judge tells what a rehearsal showed, and keeps it for the status line.
func (d *daemon) judge(p proof) {
	d.unproved = ""
	for i, f := range p.failed {
		why := strings.ReplaceAll(f.err.Error(), "\n", "; ")
		if i == 0 {
			d.unproved = fmt.Sprintf("the %s failed its proof: %s: %s", f.proves, f.does, why)
		}
		d.tell.say(idFailed, prioErr, fmt.Sprintf("the %s failed its proof at the start, in the step %q: %s. What follows: %s. What to do: %s; then: systemctl restart reprieved",
			f.proves, f.does, why, f.follows, f.cure))
	}
	if n := len(p.failed); n > 1 {
		d.unproved += fmt.Sprintf(" (and %d more, see the journal)", n-1)
	}
	switch {
	case len(p.failed) > 0:
	case p.bare != "":
		d.tell.plain(prioWarning, "rehearsed freeze and kill in %d ms; hold, choice and memory.oom.group are not proved: the memory controller is not on for the groups in %s (cgroup.subtree_control)",
			p.took.Milliseconds(), p.bare)
	default:
		d.tell.plain(prioInfo, "rehearsed hold, freeze and kill in %d ms", p.took.Milliseconds())
	}
}

// run does all acts, also after one that failed, and leaves nothing behind.
func (r *rehearsal) run() proof {
	runtime.LockOSThread() // see startDummy
	defer runtime.UnlockOSThread()
	start := time.Now()
	var p proof
	for _, a := range acts() {
		if a.memory && r.bare {
			p.bare = path.Dir(r.path)
			continue
		}
		r.under.Store(&a)
		if err := a.run(r); err != nil {
			p.failed = append(p.failed, failure{&a, err})
			if a.must {
				break
			}
		}
	}
	if err := r.clear(); err != nil {
		p.failed = append(p.failed, failure{removal(), err})
	}
	p.took = time.Since(start)
	return p
}

// clear ends what the rehearsal made. A hold that could not be lifted goes from
// the ledger with its group.
func (r *rehearsal) clear() error {
	for _, d := range []*dummy{r.first, r.second} {
		if d != nil {
			d.clear(r.end)
		}
	}
	var errs []error
	if r.group != nil {
		errs = append(errs, memcg.Remove(r.mount, r.path, r.end))
		for _, s := range r.stuck {
			_, err := s.way.Lift(r.group, s.held)
			errs = append(errs, err)
		}
		r.group.Release()
	}
	if r.parent != nil {
		r.parent.Release()
	}
	return errors.Join(errs...)
}
