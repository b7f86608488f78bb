package guard

import (
	"time"

	"golang.org/x/sys/unix"
)

// lateBound is how late the thread may come back from its sleep and still
// believe that it was the loop that hung, and not the whole process.
const lateBound = 250 * time.Millisecond

// writeTries bounds how often an interrupted write is tried.
const writeTries = 3

// turn carries out the verdict that is due, at most one, and returns when to
// look again; never: when it is rung.
func (g *Guard) turn() time.Duration {
	planned := time.Duration(g.until.Swap(int64(never)))
	now := g.now()
	g.pardon(now, planned)
	i, w := g.first()
	if i < 0 {
		return never
	}
	next := max(g.due(w), later(g.since, g.after.Load()))
	if next <= now {
		g.fire(i, w, now)
		next = g.now() // the others are looked at anew
	}
	g.until.Store(int64(next))
	return next
}

// pardon gives the loop its time once more where the thread itself comes back
// late: somebody stopped, froze or paused the process, and the loop wants its
// turn before it is judged. Once in a silence: a host on which everybody is
// late needs the guard most.
func (g *Guard) pardon(now, planned time.Duration) {
	beat := g.beat.Load()
	if planned != never && now-planned > lateBound && g.pardoned != beat {
		g.pardoned, g.since = beat, now
	}
}

// first returns the signed verdict with the earliest deadline, or -1.
func (g *Guard) first() (int, word) {
	first, found := -1, word(0)
	for i := range g.slots {
		w := g.slots[i].load()
		if w.state() == signed && (first < 0 || w.deadline() < found.deadline()) {
			first, found = i, w
		}
	}
	return first, found
}

// due returns when a verdict is carried out where the loop stays silent. The
// wait counts from its last beat if that came after the deadline: a loop that
// comes round once more, and hangs over what it finds, is silent as well.
func (g *Guard) due(w word) time.Duration {
	return later(max(w.deadline(), time.Duration(g.beat.Load())), g.after.Load())
}

// later adds what the loop has; 0 is for ever.
func later(from time.Duration, after int64) time.Duration {
	if after == 0 {
		return never
	}
	return from + time.Duration(after)
}

// fire carries out a verdict, unless the loop has touched it since it was
// loaded. A loop that moves again between the two and signs or withdraws is
// first; one that has only beaten by then finds the verdict claimed, as if it had come a moment
// later. All others wait as long again: memory comes back meanwhile, and the
// loop with it; one group at a time.
func (g *Guard) fire(i int, w word, now time.Duration) {
	s := &g.slots[i]
	silent := now - time.Duration(g.beat.Load())
	if !s.swap(w, w.as(claimed)) {
		return
	}
	errno := g.write(s.fd)
	end := g.now()
	g.since = end
	s.fired = Fired{
		Slot: i, Tag: s.tag, Done: true, Errno: errno,
		Late: now - w.deadline(), Silent: silent, Took: end - now,
	}
	if g.report != nil {
		g.report(s.fired)
	}
	s.word.Store(uint64(w.as(fired)))
}

// rehearse carries out a verdict on nobody before anything is signed, so that
// the stack has grown and the pages are there when it counts.
func (g *Guard) rehearse() {
	s, report := &g.slots[0], g.report
	w := word(0).sign(0)
	s.word.Store(uint64(w))
	g.report = nil
	g.fire(0, w, g.now())
	g.report, g.since, s.fired = report, -never, Fired{}
	s.word.Store(uint64(empty))
}

// write writes the byte that kills. That of an empty slot is refused.
func (g *Guard) write(fd int) unix.Errno {
	for range writeTries {
		_, err := unix.Write(fd, g.one[:])
		if err == nil {
			return 0
		}
		if errno, ok := err.(unix.Errno); !ok || errno != unix.EINTR {
			return errno
		}
	}
	return unix.EINTR
}
