package memcg

import (
	"bytes"
	"fmt"
)

// Events is the text of memory.events or memory.events.local: how often each
// thing happened since the group was made. A kernel that lacks a counter
// leaves it zero.
type Events struct {
	Low, High, Max, OOM uint64
	OOMKill             uint64 // processes the kernel killed
	OOMGroupKill        uint64 // groups it killed whole, by memory.oom.group
}

// ParseEvents reads memory.events:
//
//	low 0
//	high 171
//	max 0
//	oom 0
//	oom_kill 0
//	oom_group_kill 0
//
// Keys it does not know are passed over. It allocates nothing on success.
func ParseEvents(text []byte) (Events, error) {
	var e Events
	err := eachKey(text, func(key []byte, value uint64) {
		switch string(key) {
		case "low":
			e.Low = value
		case "high":
			e.High = value
		case "max":
			e.Max = value
		case "oom":
			e.OOM = value
		case "oom_kill":
			e.OOMKill = value
		case "oom_group_kill":
			e.OOMGroupKill = value
		}
	})
	if err != nil {
		return Events{}, err
	}
	return e, nil
}

// Stat is the part of memory.stat that says what stopping a group would free
// and what reclaim has done in it. Bytes, but for the two page counters.
type Stat struct {
	Anon                                  uint64 // memory of processes
	File                                  uint64 // page cache, tmpfs and shared memory included
	InactiveAnon, ActiveAnon, Unevictable uint64
	SlabUnreclaimable, KernelStack, Sock  uint64
	SwapCached                            uint64 // in memory and in swap at once
	InactiveFile, ActiveFile              uint64 // page cache without tmpfs, whose pages are on anon's lists
	Pgscan, Pgsteal                       uint64 // pages
}

// Footprint is what only the end of the group's processes gives back, without
// its swap: the sum by which the cgroup-aware OOM killer compared groups. Page
// cache is left out; the kernel takes that without killing anybody.
func (s Stat) Footprint() uint64 {
	return s.InactiveAnon + s.ActiveAnon + s.Unevictable + s.SlabUnreclaimable + s.KernelStack + s.Sock
}

// ParseStat reads memory.stat, lines like those of memory.events.
func ParseStat(text []byte) (Stat, error) {
	var s Stat
	err := eachKey(text, func(key []byte, value uint64) {
		switch string(key) {
		case "anon":
			s.Anon = value
		case "file":
			s.File = value
		case "inactive_anon":
			s.InactiveAnon = value
		case "active_anon":
			s.ActiveAnon = value
		case "unevictable":
			s.Unevictable = value
		case "slab_unreclaimable":
			s.SlabUnreclaimable = value
		case "kernel_stack":
			s.KernelStack = value
		case "sock":
			s.Sock = value
		case "swapcached":
			s.SwapCached = value
		case "inactive_file":
			s.InactiveFile = value
		case "active_file":
			s.ActiveFile = value
		case "pgscan":
			s.Pgscan = value
		case "pgsteal":
			s.Pgsteal = value
		}
	})
	if err != nil {
		return Stat{}, err
	}
	return s, nil
}

// parsePopulated reads the key of cgroup.events that says whether any process
// lives in the group or below.
func parsePopulated(text []byte) (bool, error) {
	populated, seen := false, false
	err := eachKey(text, func(key []byte, value uint64) {
		if string(key) == "populated" {
			populated, seen = value != 0, true
		}
	})
	if err == nil && !seen {
		err = fmt.Errorf("%w: no line populated", ErrMalformed)
	}
	return populated, err
}

// eachKey walks "key value" lines. An empty text, or one whose last line was
// cut short of its newline, is malformed: half a reading is none.
func eachKey(text []byte, visit func(key []byte, value uint64)) error {
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return fmt.Errorf("%w: empty or cut short after %d bytes", ErrMalformed, len(text))
	}
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		line := text[:end]
		text = text[end+1:]
		space := bytes.IndexByte(line, ' ')
		if space <= 0 {
			return fmt.Errorf("%w: line %q is not a key and a number", ErrMalformed, line)
		}
		value, ok := decimal(line[space+1:])
		if !ok {
			return fmt.Errorf("%w: line %q is not a key and a number", ErrMalformed, line)
		}
		visit(line[:space], value)
	}
	return nil
}
