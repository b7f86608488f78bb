package memcg

import (
	"fmt"
	"os"
)

// Value returns what a file that can be held holds: memory.high or memory.max
// in bytes, of cgroup.freeze 0 or 1.
func (g *Group) Value(f File, buf *Buffer) (Limit, error) {
	switch f {
	case High, MaxFile:
		return g.limit(f, buf)
	case Freeze:
		frozen, err := g.Frozen(buf)
		if frozen {
			return 1, err
		}
		return 0, err
	}
	return 0, fail(g.Path, f.String(), "read", fmt.Errorf("%w: it is no file of a hold", ErrAbsent))
}

// Pages returns the limit as the kernel keeps it: in whole pages, rounded down
// (mm/page_counter.c: page_counter_memparse).
func (l Limit) Pages() Limit {
	if l == Max {
		return Max
	}
	return l - l%Limit(os.Getpagesize())
}
