package main

import (
	"fmt"
	"io"
	"math"
	"math/bits"
	"strings"

	"reprieve/configs"
	"reprieve/internal/figure"
	"reprieve/memcg"
)

// namedProtected is how many of those below are named that are protected.
const namedProtected = 3

// warnLimits says on w where limits of a watched slice, as the kernel has them, are at odds with each other or with its
// policy. What cannot be read, or went meanwhile, is passed over.
func warnLimits(w io.Writer, set *configs.Set, mount string, watched []node) {
	for _, one := range watched {
		if one.node.Parent == nil {
			continue // the root has no limits
		}
		p := set.Policy(one.slice)
		most, high, err := limitsOf(mount, one.node)
		if err != nil {
			continue
		}
		if most == memcg.Max && holdsBy(p.Hold, "raise") {
			fmt.Fprintf(w, "warning: %s: raise lends above MemoryMax=, and there is none: it only waits; %s, or MemoryMax= by systemctl edit %s\n",
				one.slice, whereSet(p, wayOf(p)), one.slice)
		}
		if high != memcg.Max && holdsBy(p.Hold, "throttle") {
			fmt.Fprintf(w, "note: %s: MemoryHigh= is %s: who runs into it stalls, and that counts for a breach; a hold leaves a lower limit as it is; "+
				"%s, or MemoryHigh= by systemctl edit %s\n", one.slice, figure.Size(uint64(high)), whereSet(p, limitKey(p)), one.slice)
		}
		if most != memcg.Max {
			warnProtected(w, mount, one, uint64(most))
		}
	}
}

// limitKey is the limit on stall that a policy has.
func limitKey(p configs.Policy) string {
	switch {
	case p.Pressure.Full != 0:
		return "pressure.full"
	case p.Pressure.Some != 0:
		return "pressure.some"
	}
	return "pressure"
}

// limitsOf reads memory.max and memory.high.
func limitsOf(mount string, n *memcg.Node) (most, high memcg.Limit, err error) {
	g, err := memcg.Open(mount, n.Path)
	if err != nil {
		return 0, 0, err
	}
	defer g.Release()
	if err := g.Prepare(memcg.MaxFile, memcg.High); err != nil {
		return 0, 0, err
	}
	var buf memcg.Buffer
	if most, err = g.Value(memcg.MaxFile, &buf); err == nil {
		high, err = g.Value(memcg.High, &buf)
	}
	return most, high, err
}

// protectedBelow is what memory.min or memory.low of the children come to.
type protectedBelow struct {
	setting string // "MemoryMin="
	follows string
	bytes   uint64
	who     []string
}

// add adds a child's.
func (p *protectedBelow) add(name string, limit memcg.Limit) {
	if limit == 0 {
		return
	}
	sum, carry := bits.Add64(p.bytes, uint64(limit), 0)
	if p.bytes = sum; carry != 0 {
		p.bytes = math.MaxUint64
	}
	size := "infinity"
	if limit != memcg.Max {
		size = figure.Size(uint64(limit))
	}
	p.who = append(p.who, name+" "+size)
}

// warnProtected says whether more is protected directly below a slice than it may use: protection deeper down counts only as
// far as it is granted there (Documentation/admin-guide/cgroup-v2.rst).
func warnProtected(w io.Writer, mount string, one node, most uint64) {
	hard := &protectedBelow{setting: "MemoryMin=", follows: "reclaim finds nothing there, and the kernel kills instead"}
	soft := &protectedBelow{setting: "MemoryLow=", follows: "what it protects is reclaimed all the same"}
	for _, c := range one.node.Children() {
		low, min, err := protection(mount, c)
		if err != nil {
			continue
		}
		hard.add(c.Name, min)
		soft.add(c.Name, low)
	}
	for _, p := range []*protectedBelow{hard, soft} {
		if p.bytes <= most {
			continue
		}
		who, more := p.who, ""
		if n := len(who) - namedProtected; n > 0 {
			who, more = who[:namedProtected], fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(w, "warning: %s: MemoryMax= is %s, less than %s protects below it (%s%s): %s; MemoryMax= by systemctl edit %s, or %s of those\n",
			one.slice, figure.Size(most), p.setting, strings.Join(who, ", "), more, p.follows, one.slice, p.setting)
	}
}

// protection reads memory.low and memory.min.
func protection(mount string, n *memcg.Node) (low, min memcg.Limit, err error) {
	g, err := memcg.Open(mount, n.Path)
	if err != nil {
		return 0, 0, err
	}
	defer g.Release()
	if err := g.Prepare(memcg.Min, memcg.Low); err != nil {
		return 0, 0, err
	}
	var buf memcg.Buffer
	min, low, err = g.Protection(&buf)
	return low, min, err
}
