package guard

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// slot is the place of one verdict. Its word says whose it is:
//
//	empty ──Sign──▶ signed ──the guard──▶ claimed ──the guard──▶ fired
//	  ▲                │                                           │
//	  └────Withdraw────┴───────────────────Taken───────────────────┘
//
// The loop alone moves it from empty, signed (but for the claim) and fired, the
// thread alone from claimed. Where both want a signed verdict, the one whose
// compare-and-swap comes first has it, and the other is told at once; nobody
// waits. The word has the deadline in it and a count of the times that it was
// signed, so that a verdict that the loop touched in any way since the thread
// judged it cannot be claimed by that judgment.
//
// The thread never writes to a descriptor of the loop's. A slot has a number
// of its own for life; signing makes it refer to the victim's file (dup3), and
// withdrawing makes it refer to the guard's eventfd again, which takes no single
// byte (eventfd(2): EINVAL). So the loop may close its own at any time after Sign,
// and no number that the thread writes to is ever given to another file. Only
// the side that has the word changes what the number refers to.
type slot struct {
	word  atomic.Uint64
	fd    int
	tag   uint64 // the loop's; the thread reads it when it has claimed
	fired Fired  // the thread's until the word says fired
}

// word is a slot's state in 2 bits, the count of its signatures in 20, and the
// deadline of the last in milliseconds in 42, which is 139 years.
type word uint64

type state uint64

const (
	empty state = iota
	signed
	claimed
	fired
)

const (
	stateBits = 2
	turnBits  = 20
	turnMask  = 1<<turnBits - 1
	deadShift = stateBits + turnBits
	latest    = 1<<(64-deadShift) - 1
)

func (w word) state() state { return state(w & (1<<stateBits - 1)) }

func (w word) as(s state) word { return w&^(1<<stateBits-1) | word(s) }

func (w word) deadline() time.Duration {
	return time.Duration(w>>deadShift) * time.Millisecond
}

// sign returns the word of the next signature; the deadline is rounded up.
func (w word) sign(deadline time.Duration) word {
	millis := uint64(max(deadline, 0)) / uint64(time.Millisecond)
	if deadline > 0 && deadline%time.Millisecond != 0 {
		millis++
	}
	turn := (w>>stateBits + 1) & turnMask
	return word(min(millis, latest)<<deadShift) | turn<<stateBits | word(signed)
}

func (s *slot) load() word { return word(s.word.Load()) }

func (s *slot) swap(from, to word) bool {
	return s.word.CompareAndSwap(uint64(from), uint64(to))
}

// Sign puts a verdict into a slot, in the place of one that is there: when
// Options.After has passed since the deadline and since the last beat, the
// guard writes "1" to the file that killFd refers to. tag says who the victim
// is. With the tag that the slot has already only the deadline changes, by an
// atomic operation, and killFd is not looked at; otherwise it is duplicated
// (one or two system calls), and stays the caller's. A deadline that comes
// before all others is one more, to wake the thread.
//
// It returns false where the slot is none, the guard has claimed the verdict in
// it (see Taken), it never writes (Options.After is 0), or killFd is not open;
// nothing new is signed then.
func (g *Guard) Sign(slot int, deadline time.Duration, killFd int, tag uint64) bool {
	if slot < 0 || slot >= Slots || g.closed || g.after.Load() == 0 {
		return false
	}
	s := &g.slots[slot]
	w := s.load()
	if w.state() == signed && s.tag == tag {
		next := w.sign(deadline)
		if !s.swap(w, next) {
			return false
		}
		g.wake(next)
		return true
	}
	if !g.Withdraw(slot) || unix.Dup3(killFd, s.fd, unix.O_CLOEXEC) != nil {
		return false
	}
	s.tag = tag
	next := s.load().sign(deadline)
	s.word.Store(uint64(next)) // nobody else moves an empty one
	g.wake(next)
	return true
}

// wake rings the thread where it would sleep over a verdict. The thread says
// first until when it means to sleep, by never while it looks: whoever comes
// too late to be seen sees that, and rings.
func (g *Guard) wake(w word) {
	if g.due(w) < time.Duration(g.until.Load()) {
		g.ring()
	}
}

// Withdraw takes a verdict back, and reports whether the slot is empty now.
// After true the guard writes nothing for it. False: the guard had claimed
// it before, and writes or has written; see Taken.
func (g *Guard) Withdraw(slot int) bool {
	if slot < 0 || slot >= Slots || g.closed {
		return true
	}
	s := &g.slots[slot]
	w := s.load()
	switch w.state() {
	case empty:
		return true
	case signed:
		if s.swap(w, w.as(empty)) {
			g.unload(s)
			return true
		}
	}
	return false
}

// Taken reports whether the guard claimed the verdict of a slot. Until Done
// the write is under way, or Report is, and only Slot and Tag are known: the
// victim counts as killed all the same. With Done the slot is empty again, so that it is
// told once.
func (g *Guard) Taken(slot int) (Fired, bool) {
	if slot < 0 || slot >= Slots || g.closed {
		return Fired{}, false
	}
	s := &g.slots[slot]
	switch w := s.load(); w.state() {
	case claimed:
		return Fired{Slot: slot, Tag: s.tag}, true
	case fired:
		did := s.fired
		g.unload(s)
		s.word.Store(uint64(w.as(empty)))
		return did, true
	}
	return Fired{}, false
}

// unload makes a slot's number refer to the eventfd. dup3 onto an open number
// finds no memory and cannot fail.
func (g *Guard) unload(s *slot) { _ = unix.Dup3(g.event, s.fd, unix.O_CLOEXEC) }
