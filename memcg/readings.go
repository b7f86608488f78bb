package memcg

import "fmt"

// Usage returns memory.current in bytes: all that is charged to the group and
// those below, page cache included.
func (g *Group) Usage(buf *Buffer) (uint64, error) { return g.bytes(Current, buf) }

// Swap returns memory.swap.current in bytes. A kernel without swap support has
// no such file; that is no swap used, not an error.
func (g *Group) Swap(buf *Buffer) (uint64, error) {
	if g.fds[SwapCurrent] < 0 {
		return 0, nil
	}
	return g.bytes(SwapCurrent, buf)
}

func (g *Group) bytes(f File, buf *Buffer) (uint64, error) {
	text, err := g.read(f, buf)
	if err != nil {
		return 0, err
	}
	n, err := parseBytes(text)
	if err != nil {
		return 0, g.malformed(f, err)
	}
	return n, nil
}

// High returns memory.high.
func (g *Group) High(buf *Buffer) (Limit, error) { return g.limit(High, buf) }

// Max returns memory.max.
func (g *Group) Max(buf *Buffer) (Limit, error) { return g.limit(MaxFile, buf) }

// Frozen returns cgroup.freeze: whether somebody asked for this group to be
// frozen. A group frozen by one above it reads false.
func (g *Group) Frozen(buf *Buffer) (bool, error) {
	text, err := g.read(Freeze, buf)
	if err != nil {
		return false, err
	}
	n, err := parseBytes(text)
	if err == nil && n > 1 {
		err = fmt.Errorf("%w: %d is neither 0 nor 1", ErrMalformed, n)
	}
	if err != nil {
		return false, g.malformed(Freeze, err)
	}
	return n == 1, nil
}

// Guard returns how many bytes memory.min and memory.low ask to be left alone,
// the larger of the two; "max" is the largest number. A file that is not
// prepared or not there guards nothing.
func (g *Group) Guard(buf *Buffer) (uint64, error) {
	var most Limit
	for _, f := range [...]File{Min, Low} {
		if g.fds[f] < 0 {
			continue
		}
		l, err := g.limit(f, buf)
		if err != nil {
			return 0, err
		}
		most = max(most, l)
	}
	return uint64(most), nil
}

func (g *Group) limit(f File, buf *Buffer) (Limit, error) {
	text, err := g.read(f, buf)
	if err != nil {
		return 0, err
	}
	l, err := ParseLimit(text)
	if err != nil {
		return 0, g.malformed(f, err)
	}
	return l, nil
}

// Events returns memory.events: the group and all below it.
func (g *Group) Events(buf *Buffer) (Events, error) { return g.events(EventsAll, buf) }

// LocalEvents returns memory.events.local: the group alone.
func (g *Group) LocalEvents(buf *Buffer) (Events, error) { return g.events(EventsLocal, buf) }

func (g *Group) events(f File, buf *Buffer) (Events, error) {
	text, err := g.read(f, buf)
	if err != nil {
		return Events{}, err
	}
	e, err := ParseEvents(text)
	if err != nil {
		return Events{}, g.malformed(f, err)
	}
	return e, nil
}

// Stat returns memory.stat. It makes the kernel sum up counters of all CPUs
// and costs some thirty times what Usage does: for candidates, not for ticks.
func (g *Group) Stat(buf *Buffer) (Stat, error) {
	text, err := g.read(StatFile, buf)
	if err != nil {
		return Stat{}, err
	}
	s, err := ParseStat(text)
	if err != nil {
		return Stat{}, g.malformed(StatFile, err)
	}
	return s, nil
}

// Populated reports whether any process lives in the group or below it.
func (g *Group) Populated(buf *Buffer) (bool, error) {
	text, err := g.read(CgroupEvents, buf)
	if err != nil {
		return false, err
	}
	p, err := parsePopulated(text)
	if err != nil {
		return false, g.malformed(CgroupEvents, err)
	}
	return p, nil
}

// PressureText returns the text of memory.pressure, valid until buf is used
// again; package pressure parses it. Not more often than every 20 ms: the
// kernel loses what a quicker reader measures.
func (g *Group) PressureText(buf *Buffer) ([]byte, error) { return g.read(Pressure, buf) }
