package memcg

import (
	"bytes"
	"math"
	"math/bits"
	"strconv"
)

// Protection returns memory.min and memory.low as they are set, in bytes. A
// file that the group does not have, as in the root, is no protection: 0. It
// needs Min and Low prepared.
func (g *Group) Protection(buf *Buffer) (min, low Limit, err error) {
	if g.fds[Min] >= 0 {
		if min, err = g.limit(Min, buf); err != nil {
			return 0, 0, err
		}
	}
	if g.fds[Low] >= 0 {
		if low, err = g.limit(Low, buf); err != nil {
			return 0, 0, err
		}
	}
	return min, low, nil
}

// EffectiveProtection is what a setting of memory.min or memory.low comes to
// in the tree, in bytes: mm/page_counter.c, effective_protection() (up to
// 6.10 in mm/memcontrol.c). It goes from the top down. For a child of the
// group that reclaim starts from the setting itself is in effect; the kernel
// does not ask this function there.
//
//   - usage and setting are the group's own, parentUsage and parentEffective its
//     parent's.
//   - siblingsProtected is the sum of min(usage, setting) over all the parent's
//     children, the group itself included (children_min_usage, children_low_usage).
//   - recursive is the mount option memory_recursiveprot, which systemd sets: what the
//     children leave unclaimed of their parent's protection goes to all by their
//     unprotected usage.
//
// Where the children claim more than the parent has each gets its share of it. The
// result can exceed usage where the parent is protected beyond its usage. The
// kernel counts whole pages and this bytes: they may differ by a page. A
// product that overflows in the kernel (a parent at max) does not here.
func EffectiveProtection(usage, parentUsage, setting, parentEffective, siblingsProtected uint64, recursive bool) uint64 {
	protected := min(usage, setting)
	if siblingsProtected > parentEffective {
		return share(parentEffective, protected, siblingsProtected)
	}
	// The three are not read at once; each difference must stay one.
	if !recursive || parentEffective <= siblingsProtected || parentUsage <= siblingsProtected || usage <= protected {
		return protected
	}
	unclaimed := share(parentEffective-siblingsProtected, usage-protected, parentUsage-siblingsProtected)
	sum, carry := bits.Add64(protected, unclaimed, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}

// share is whole*part/of without overflow; of is not 0.
func share(whole, part, of uint64) uint64 {
	hi, lo := bits.Mul64(whole, part)
	if hi >= of {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, of)
	return q
}

// RecursiveProtection reports whether the cgroup2 mounted at mount has the
// option memory_recursiveprot, by the text of /proc/self/mountinfo
// (Documentation/filesystems/proc.rst):
//
//	30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
//
// Of several mounts on one place the last is the one that is seen. Lines that
// are no such thing are passed over; a mount that is not there is false.
func RecursiveProtection(mountinfo []byte, mount string) bool {
	recursive := false
	for line := range bytes.Lines(mountinfo) {
		before, after, ok := bytes.Cut(line, []byte(" - "))
		where, what := bytes.Fields(before), bytes.Fields(after)
		if !ok || len(where) < 5 || len(what) < 3 || unescape(where[4]) != mount {
			continue
		}
		recursive = false
		if string(what[0]) == "cgroup2" {
			for option := range bytes.SplitSeq(what[2], []byte(",")) {
				recursive = recursive || string(option) == "memory_recursiveprot"
			}
		}
	}
	return recursive
}

// unescape undoes the kernel's octal escapes of blanks and backslashes (\040).
func unescape(field []byte) string {
	var out []byte
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && i+3 < len(field) {
			if n, err := strconv.ParseUint(string(field[i+1:i+4]), 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, field[i])
	}
	return string(out)
}
