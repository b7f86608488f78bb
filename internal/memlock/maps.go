package memlock

import (
	"strconv"
	"strings"
)

// mapping is one readable mapping of this process.
type mapping struct {
	start, end uint64
	writable   bool
	path       string
}

// bssMost is how much of the program's zeroed data is brought in: what the
// runtime and the daemon have there comes first, and takes less. Behind that is what
// nobody touches, 32 MiB of it for an entropy source of FIPS 140 (crypto/internal/fips140/drbg).
const bssMost = 256 << 10

// parseMaps returns the file-backed, readable mappings in the text of
// /proc/PID/maps, proc_pid_maps(5), and the beginning of the zeroed data behind one that is
// written to, which has no file:
//
//	00400000-00552000 r-xp 00000000 08:01 131 /usr/sbin/reprieved
//	00552000-0070a000 r--p 00152000 08:01 131 /usr/sbin/reprieved
//	0070a000-00719000 rw-p 0030a000 08:01 131 /usr/sbin/reprieved
//	00719000-0074f000 rw-p 00000000 00:00 0
//	c000000000-c004000000 rw-p 00000000 00:00 0 [anon: Go: heap]
//	7ffd1c5f2000-7ffd1c5f4000 r-xp 00000000 00:00 0 [vdso]
//
// Inode 0 is no file. A line that does not parse is left out: what it maps is
// then not populated, which loses time and nothing else.
func parseMaps(text string) []mapping {
	var maps []mapping
	var last mapping
	for line := range strings.Lines(text) {
		m, ok := parseMapping(line)
		switch {
		case ok && m.path != "":
			maps = append(maps, m)
		case ok && m.writable && last.writable && last.path != "" && m.start == last.end:
			m.path, m.end = last.path+" (zeroed data)", min(m.end, m.start+bssMost)
			maps = append(maps, m)
		}
		last = m
	}
	return maps
}

// parseAnonymous returns the mappings of no file that are read and written to.
func parseAnonymous(text string) []mapping {
	var maps []mapping
	for line := range strings.Lines(text) {
		if m, ok := parseMapping(line); ok && m.writable && m.path == "" {
			maps = append(maps, m)
		}
	}
	return maps
}

// parseMapping returns a readable mapping; path is "" for one of no file.
func parseMapping(line string) (mapping, bool) {
	fields := strings.Fields(line)
	if len(fields) < 5 || !strings.HasPrefix(fields[1], "r") {
		return mapping{}, false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	start, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	if err1 != nil || err2 != nil || start >= end {
		return mapping{}, false
	}
	m := mapping{start: start, end: end, writable: strings.HasPrefix(fields[1], "rw")}
	if fields[4] != "0" {
		m.path = strings.Join(fields[5:], " ")
	}
	return m, true
}
