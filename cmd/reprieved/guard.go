package main

import (
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/internal/guard"
	"reprieve/internal/realtime"
	"reprieve/memcg"
	"reprieve/plugins/report"
)

// idGuarded is the MESSAGE_ID of a kill by the guard.
const idGuarded = "08340d07677f487da033d9a4d5932345"

// guardian is the loop's side of the guard: which slice has which slot, and
// whom the verdict in it names. Only the loop calls its methods, but for told.
type guardian struct {
	guard *guard.Guard // nil: there is none, and nothing is signed
	tell  *teller
	// One a slot. The guard's thread reads one from its claim until told has
	// returned, and the loop changes it at other times only: when Withdraw or
	// Taken say that the slot is empty.
	verdicts [guard.Slots]verdict
}

// verdict is what a slot stands for.
type verdict struct {
	of      *slice // nil: the slot is free
	left    bool   // the slice was let go while the guard was at it
	slice   string
	episode controller.ID
	inode   uint64 // of the victim
	unit    string
	user    bool
	uid     uint32
}

// startGuard starts the guard's thread, on the clock that deadlines are told by.
// Without one all else goes on.
func startGuard(after time.Duration, now func() time.Duration, tell *teller) *guardian {
	g := &guardian{tell: tell}
	raise := func() {
		if err := realtime.Raise(realtime.Loop); err != nil {
			tell.plain(prioInfo, "the guard has an ordinary priority: %v", err)
		}
	}
	var err error
	if g.guard, err = guard.Start(guard.Options{After: after, Now: now, Raise: raise, Report: g.told}); err != nil {
		tell.plain(prioWarning, "nobody acts in the place of an event loop that hangs: %v", err)
	}
	return g
}

// beat is said at each turn of the loop.
func (g *guardian) beat(now time.Duration) {
	if g.guard != nil {
		g.guard.Beat(now)
	}
}

// setAfter takes a guard time that was changed by a reload; 0 is off.
func (g *guardian) setAfter(after time.Duration) {
	if g.guard != nil {
		g.guard.SetAfter(after)
	}
}

func (g *guardian) close() {
	if g.guard != nil {
		g.guard.Close()
	}
}

// sign has the guard kill a slice's candidate should the loop hang past the
// deadline. victim is its group, with cgroup.kill prepared; it may be released at
// any time. Signing the same one again costs next to nothing. It returns false
// where nothing is signed: in observe mode, with the guard off, with more
// slices in an episode than it has slots, or when the guard was first (see taken).
func (g *guardian) sign(s *slice, deadline time.Duration, victim *memcg.Group, c *controller.Candidate) bool {
	if g.guard == nil || s.m.Rules().Observe {
		return false
	}
	slot := g.slotFor(s)
	if slot < 0 {
		return false
	}
	v, episode := &g.verdicts[slot], s.m.Episode()
	if v.of == nil || v.inode != victim.Inode || v.episode != episode {
		if !g.guard.Withdraw(slot) {
			return false
		}
		*v = verdict{of: s, slice: s.unit, episode: episode, inode: victim.Inode, unit: c.Unit, user: c.User, uid: c.UID}
	}
	return g.guard.Sign(slot, deadline, victim.Fd(memcg.KillFile), victim.Inode)
}

// withdraw takes back what is signed for a slice, and reports whether nothing is
// any more. False: the guard was first, see taken.
func (g *guardian) withdraw(s *slice) bool {
	slot := g.slotOf(s)
	if slot < 0 {
		return true
	}
	if !g.guard.Withdraw(slot) {
		return false
	}
	g.verdicts[slot] = verdict{}
	return true
}

// taken reports whether the guard has killed a slice's victim, or is about to:
// the Tag is the inode. It is asked at each turn while something is signed,
// and the slot is free when it was Done.
func (g *guardian) taken(s *slice) (guard.Fired, bool) {
	slot := g.slotOf(s)
	if slot < 0 {
		return guard.Fired{}, false
	}
	f, ok := g.guard.Taken(slot)
	if f.Done {
		g.verdicts[slot] = verdict{}
	}
	return f, ok
}

// forget withdraws what is signed for a slice that is let go, and leaves a
// verdict that the guard has claimed to the guard.
func (g *guardian) forget(s *slice) {
	if slot := g.slotOf(s); slot >= 0 && !g.withdraw(s) {
		g.verdicts[slot].left = true
	}
}

// slotOf returns the slot of a slice, or -1.
func (g *guardian) slotOf(s *slice) int {
	for i := range g.verdicts {
		if g.verdicts[i].of == s && !g.verdicts[i].left {
			return i
		}
	}
	return -1
}

// slotFor returns the slot of a slice, a free one where it has none, or -1.
func (g *guardian) slotFor(s *slice) int {
	if slot := g.slotOf(s); slot >= 0 {
		return slot
	}
	for i := range g.verdicts {
		v := &g.verdicts[i]
		if v.left {
			if f, ok := g.guard.Taken(i); !ok || f.Done {
				*v = verdict{}
			}
		}
		if v.of == nil {
			return i
		}
	}
	return -1
}

// told tells what the guard did, on the guard's thread. The teller's queue does
// not wait.
func (g *guardian) told(f guard.Fired) {
	v := &g.verdicts[f.Slot]
	fields := []report.Field{
		{Name: "REPRIEVE_SLICE", Value: v.slice},
		{Name: "REPRIEVE_EPISODE", Value: v.episode.String()},
		{Name: "REPRIEVE_REASON", Value: "the event loop does not move"},
		{Name: "REPRIEVE_SILENT_USEC", Value: strconv.FormatInt(f.Silent.Microseconds(), 10)},
		{Name: "REPRIEVE_LATE_USEC", Value: strconv.FormatInt(f.Late.Microseconds(), 10)},
	}
	who := v.unit
	if v.user {
		who = fmt.Sprintf("%s of user %d", v.unit, v.uid)
		fields = append(fields, report.Field{Name: "USER_UNIT", Value: v.unit},
			report.Field{Name: "REPRIEVE_UID", Value: strconv.FormatUint(uint64(v.uid), 10)})
	} else {
		fields = append(fields, report.Field{Name: "UNIT", Value: v.unit})
	}
	did := "the guard killed " + who
	switch f.Errno {
	case 0:
	case unix.ENODEV:
		did = "the guard found " + who + " gone"
	default:
		did = fmt.Sprintf("the guard could not kill %s: write cgroup.kill: %v", who, f.Errno)
	}
	const tenth = 100 * time.Millisecond
	g.tell.say(idGuarded, prioErr, fmt.Sprintf("the event loop has not moved for %s, with the deadline of %s past by %s: %s",
		f.Silent.Round(tenth), v.slice, f.Late.Round(tenth), did), fields...)
}

// sign has the guard told whom it kills should the loop hang. The group was
// opened when it was weighed.
func (d *daemon) sign(s *slice, c *controller.Decision) {
	if s.weighed == nil || d.ending {
		return
	}
	if g := s.weighed.open[c.Victim.Inode]; g != nil {
		d.guard.sign(s, c.Until, g, c.Victim)
	}
}

// guarded brings the machine what the guard did while the loop did not move.
func (d *daemon) guarded(s *slice, now time.Duration) {
	f, ok := d.guard.taken(s)
	if !ok {
		return
	}
	var err error
	if f.Done && f.Errno != 0 && f.Errno != unix.ENODEV {
		err = f.Errno
	}
	d.carry(s, s.m.Guarded(now, f.Tag, err, d.room()))
}
