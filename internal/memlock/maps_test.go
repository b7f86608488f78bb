package memlock

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `00400000-00552000 r-xp 00000000 08:01 131                                /usr/sbin/reprieved
00552000-0070a000 r--p 00152000 08:01 131                                /usr/sbin/reprieved
0070a000-00719000 rw-p 0030a000 08:01 131                                /usr/sbin/reprieved (deleted)
00719000-0074f000 rw-p 00000000 00:00 0 
c000000000-c000400000 rw-p 00000000 00:00 0                              [anon: Go: heap]
7f10c8000000-7f10c8001000 ---p 00001000 08:01 140                        /usr/lib/x86_64-linux-gnu/libc.so.6
7ffd1c5f2000-7ffd1c5f4000 r-xp 00000000 00:00 0                          [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`

// Ensure parseMaps can pick the readable mappings of files, and the beginning of zeroed data.
func TestParseMaps(t *testing.T) {
	want := []mapping{
		{0x400000, 0x552000, false, "/usr/sbin/reprieved"},
		{0x552000, 0x70a000, false, "/usr/sbin/reprieved"},
		{0x70a000, 0x719000, true, "/usr/sbin/reprieved (deleted)"},
		{0x719000, 0x74f000, true, "/usr/sbin/reprieved (deleted) (zeroed data)"},
	}
	got := parseMaps(sample)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mapping{})); diff != "" {
		t.Errorf("parseMaps (-want +got):\n%s", diff)
	}
}

// Ensure of much zeroed data the beginning alone is taken, and none that is not behind data.
func TestParseMaps_ZeroedData(t *testing.T) {
	const text = `0070a000-00719000 rw-p 0030a000 08:01 131 /usr/sbin/reprieved
00719000-02719000 rw-p 00000000 00:00 0
02719000-0271a000 rw-p 00000000 00:00 0
`
	want := []mapping{{0x70a000, 0x719000, true, "/usr/sbin/reprieved"}, {0x719000, 0x759000, true, "/usr/sbin/reprieved (zeroed data)"}}
	if diff := cmp.Diff(want, parseMaps(text), cmp.AllowUnexported(mapping{})); diff != "" {
		t.Errorf("parseMaps (-want +got):\n%s", diff)
	}
}

// Ensure parseMaps can take any text and gives ranges that go upwards.
func FuzzParseMaps(f *testing.F) {
	f.Add(sample)
	f.Add("1-0 r--p 0 0:0 1 /x\nx-y r--p 0 0:0 1 /x\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range parseMaps(text) {
			if m.start >= m.end || m.path == "" {
				t.Errorf("parseMaps(%q) gives %+v", text, m)
			}
		}
	})
}
