package memcg

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// Ensure what is set is read, and a group without the files has none.
func TestGroup_Protection(t *testing.T) {
	root := plant(t, map[string]string{
		"a.slice/memory.min": "1048576\n", "a.slice/memory.low": "max\n",
		"bad.slice/memory.min": "some\n",
		"bare.slice/x":         "",
	})
	var buf Buffer
	if min, low, err := opened(t, root, "/a.slice").Protection(&buf); min != 1<<20 || low != Max || err != nil {
		t.Errorf("Protection() = %v, %v, %v, want 1M and max", min, low, err)
	}
	if min, low, err := opened(t, root, "/bare.slice").Protection(&buf); min != 0 || low != 0 || err != nil {
		t.Errorf("Protection() = %v, %v, %v without the files, want 0 and 0", min, low, err)
	}
	if min, low, err := opened(t, root, "/bad.slice").Protection(&buf); min != 0 || low != 0 || !errors.Is(err, ErrMalformed) {
		t.Errorf("Protection() = %v, %v, %v of %q, want nothing and ErrMalformed", min, low, err, "some")
	}
}

// Ensure the arithmetic is the kernel's: the first two blocks are the examples in the
// comment above effective_protection(), where A protects 2G.
func TestEffectiveProtection(t *testing.T) {
	const g = uint64(1 << 30)
	for _, tt := range []struct {
		name                                      string
		usage, parentUsage, setting, parent, sibs uint64
		recursive                                 bool
		want                                      uint64
	}{
		// B, C, D and E claim 3G, 1G, 0 and 10G and use 2G, 2G, 2G and 0: 2G+1G is claimed and used.
		{name: "overcommitted B", usage: 2 * g, parentUsage: 6 * g, setting: 3 * g, parent: 2 * g, sibs: 3 * g, want: 4 * g / 3},
		{name: "overcommitted C", usage: 2 * g, parentUsage: 6 * g, setting: g, parent: 2 * g, sibs: 3 * g, want: 2 * g / 3},
		{name: "overcommitted D", usage: 2 * g, parentUsage: 6 * g, parent: 2 * g, sibs: 3 * g},
		{name: "overcommitted E", parentUsage: 6 * g, setting: 10 * g, parent: 2 * g, sibs: 3 * g},
		{name: "overcommitted C, recursive", usage: 2 * g, parentUsage: 6 * g, setting: g, parent: 2 * g, sibs: 3 * g, recursive: true, want: 2 * g / 3},
		// B claims 1G and C nothing: 1G is left over, by their unprotected usage.
		{name: "recursive B at rest", usage: 3 * g / 2, parentUsage: 2 * g, setting: g, parent: 2 * g, sibs: g, recursive: true, want: 3 * g / 2},
		{name: "recursive C at rest", usage: g / 2, parentUsage: 2 * g, parent: 2 * g, sibs: g, recursive: true, want: g / 2},
		{name: "recursive B above", usage: 2 * g, parentUsage: 4 * g, setting: g, parent: 2 * g, sibs: g, recursive: true, want: g + g/3},
		{name: "recursive C above", usage: 2 * g, parentUsage: 4 * g, parent: 2 * g, sibs: g, recursive: true, want: 2 * g / 3},
		{name: "not recursive B", usage: 2 * g, parentUsage: 4 * g, setting: g, parent: 2 * g, sibs: g, want: g},
		{name: "not recursive C", usage: 2 * g, parentUsage: 4 * g, parent: 2 * g, sibs: g},
		// The edges.
		{name: "claimed and not used", usage: g / 4, parentUsage: g, setting: g, parent: 2 * g, sibs: g / 4, want: g / 4},
		{name: "all used is claimed, recursive", usage: g, parentUsage: 2 * g, setting: g, parent: 4 * g, sibs: 2 * g, recursive: true, want: g},
		{name: "the parent has none", usage: g, parentUsage: 2 * g, setting: g, sibs: g},
		{name: "nobody claims and the parent has none", usage: g, parentUsage: 2 * g, recursive: true},
		{name: "torn: the parent uses less than its children claim", usage: 2 * g, parentUsage: g / 2, setting: g, parent: 3 * g, sibs: g, recursive: true, want: g},
		{name: "a parent at max", usage: g, parentUsage: 2 * g, parent: math.MaxUint64, recursive: true, want: math.MaxUint64 / 2},
		{name: "torn and at max", usage: 8 * g, parentUsage: g, setting: g / 2, parent: math.MaxUint64, recursive: true, want: math.MaxUint64},
		{name: "beyond 64 bits between", usage: 1 << 50, parentUsage: 1 << 52, setting: 1 << 50, parent: 1 << 49, sibs: 1 << 50, want: 1 << 49},
	} {
		got := EffectiveProtection(tt.usage, tt.parentUsage, tt.setting, tt.parent, tt.sibs, tt.recursive)
		if got != tt.want {
			t.Errorf("%s: EffectiveProtection(%v, %v, %v, %v, %v, %v) = %v, want %v",
				tt.name, tt.usage, tt.parentUsage, tt.setting, tt.parent, tt.sibs, tt.recursive, got, tt.want)
		}
	}
}

const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
31 27 0:29 / /mnt/with\040blank rw - cgroup2 none rw,memory_recursiveprot
32 27 0:30 / /plain rw,memory_recursiveprot - cgroup2 none rw
33 27 0:31 / /tmp rw - tmpfs none rw,memory_recursiveprot
34 27 0:26 / /over rw - cgroup2 none rw,memory_recursiveprot
35 34 0:32 / /over rw - cgroup2 none rw
36 27 0:26 / /under rw - cgroup2 none rw
37 36 0:26 / /under rw shared:4 master:5 - cgroup2 none rw,memory_recursiveprot
`

// Ensure the option is the file system's own, of the mount that is seen.
func TestRecursiveProtection(t *testing.T) {
	for mount, want := range map[string]bool{
		"/sys/fs/cgroup": true, "/mnt/with blank": true, "/plain": false, "/tmp": false, "/over": false, "/under": true,
		"/sys/fs": false, "": false, "/proc": false,
	} {
		if got := RecursiveProtection([]byte(mountinfo), mount); got != want {
			t.Errorf("RecursiveProtection(%q) = %v, want %v", mount, got, want)
		}
	}
	if RecursiveProtection([]byte(strings.ReplaceAll(mountinfo, " - ", " ")), "/sys/fs/cgroup") {
		t.Error("RecursiveProtection() of lines without the separator = true, want false")
	}
}

func FuzzRecursiveProtection(f *testing.F) {
	f.Add([]byte(mountinfo), "/sys/fs/cgroup")
	f.Add([]byte("1 2 3 4 /a\\04 - cgroup2 x memory_recursiveprot"), "/a\\04")
	f.Fuzz(func(t *testing.T, text []byte, mount string) {
		if RecursiveProtection(text, mount) && !strings.Contains(string(text), "memory_recursiveprot") {
			t.Errorf("RecursiveProtection(%q, %q) = true without the option", text, mount)
		}
	})
}

func FuzzEffectiveProtection(f *testing.F) {
	f.Add(uint64(2), uint64(6), uint64(3), uint64(2), uint64(3))
	f.Add(uint64(math.MaxUint64), uint64(1), uint64(0), uint64(math.MaxUint64), uint64(0))
	f.Fuzz(func(t *testing.T, usage, parentUsage, setting, parent, sibs uint64) {
		plain := EffectiveProtection(usage, parentUsage, setting, parent, sibs, false)
		if sibs >= min(usage, setting) && plain > min(usage, setting, parent) {
			t.Errorf("EffectiveProtection(%d, %d, %d, %d, %d, false) = %d, want no more than is used, set and given",
				usage, parentUsage, setting, parent, sibs, plain)
		}
		if more := EffectiveProtection(usage, parentUsage, setting, parent, sibs, true); more < plain {
			t.Errorf("EffectiveProtection(%d, %d, %d, %d, %d, true) = %d, want at least %d", usage, parentUsage, setting, parent, sibs, more, plain)
		}
	})
}
