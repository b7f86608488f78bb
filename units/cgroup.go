package units

import (
	"fmt"
	"strings"
)

// rootSlice is the slice of the root cgroup, systemd.special(7).
const rootSlice = "-.slice"

// maxNameBytes is systemd's UNIT_NAME_MAX less the trailing NUL.
const maxNameBytes = 255

// FromCgroup returns the unit whose cgroup is path, a path below the cgroup2
// mount as in /proc/PID/cgroup: "/batch.slice/batch-b.slice/x.service" is
// "x.service", "/" is "-.slice".
//
// ok is false where path is not the cgroup of a unit of PID 1: a cgroup that a
// service made below itself, a unit of a user manager or of a container, a
// cgroup that somebody made by hand. The last two may bear the name of a unit
// that lives elsewhere, and stopping that one would hit an innocent: so every
// component above the unit must be the slice that systemd puts there.
func FromCgroup(path string) (unit string, ok bool) {
	if path == "/" {
		return rootSlice, true
	}
	dir, last := cutLast(path)
	unit = cgUnescape(last)
	if !validName(unit) || cgEscape(unit) != last {
		return "", false
	}
	if IsSlice(unit) {
		own, err := SlicePath(unit)
		return unit, err == nil && own == path
	}
	if dir == "" {
		return unit, strings.HasPrefix(path, "/")
	}
	_, parent := cutLast(dir)
	parentPath, err := SlicePath(cgUnescape(parent))
	return unit, err == nil && parentPath == dir
}

// SlicePath returns the cgroup path of a slice: "batch-b.slice" is
// "/batch.slice/batch-b.slice", "-.slice" is "/". It follows systemd's
// cg_slice_to_path: a dash descends one level, and no name begins or ends with
// a dash or has two in a row. An error names the slice and the rule it breaks.
func SlicePath(slice string) (string, error) {
	if slice == rootSlice {
		return "/", nil
	}
	if !IsSlice(slice) || !validName(slice) || strings.Contains(slice, "@") {
		return "", fmt.Errorf("slice %q: %w, want NAME.slice", slice, ErrBadName)
	}
	name := strings.TrimSuffix(slice, ".slice")
	var path strings.Builder
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '-' {
			continue
		}
		if i == 0 || name[i-1] == '-' {
			return "", fmt.Errorf("slice %q: %w, a part between dashes is empty", slice, ErrBadName)
		}
		path.WriteByte('/')
		path.WriteString(cgEscape(name[:i] + ".slice"))
	}
	return path.String(), nil
}

// IsSlice reports whether unit has the suffix of a slice.
func IsSlice(unit string) bool { return strings.HasSuffix(unit, ".slice") }

// hasCgroup reports whether a unit of this suffix can own a cgroup,
// systemd.resource-control(5).
func hasCgroup(suffix string) bool {
	switch suffix {
	case "slice", "service", "scope", "socket", "mount", "swap":
		return true
	}
	return false
}

// isKind reports whether suffix is one of systemd.unit(5).
func isKind(suffix string) bool {
	switch suffix {
	case "device", "automount", "target", "timer", "path":
		return true
	}
	return hasCgroup(suffix)
}

func isService(unit string) bool { return strings.HasSuffix(unit, ".service") }

// validName reports whether unit is a valid name of a unit that can own a cgroup.
func validName(unit string) bool {
	return validAnyName(unit) && hasCgroup(unit[strings.LastIndexByte(unit, '.')+1:])
}

// validAnyName follows systemd's unit_name_is_valid for units that can be
// loaded: a template without its instance ("user@.service") is none of them.
func validAnyName(unit string) bool {
	if unit == rootSlice {
		return true
	}
	dot := strings.LastIndexByte(unit, '.')
	if dot <= 0 || len(unit) > maxNameBytes || !isKind(unit[dot+1:]) {
		return false
	}
	name := unit[:dot]
	for i := range len(name) {
		if !validByte(name[i]) {
			return false
		}
	}
	at := strings.IndexByte(name, '@')
	return at != 0 && (at < 0 || at != len(name)-1)
}

func validByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte(`:-_.\@`, c) >= 0
}

// cgEscape is systemd's function of that name: a unit whose name the kernel
// could take for a file of its own ("memory.slice") gets a leading underscore.
func cgEscape(name string) string {
	if needsEscape(name) {
		return "_" + name
	}
	return name
}

func cgUnescape(name string) string { return strings.TrimPrefix(name, "_") }

func needsEscape(name string) bool {
	if name == "" || name[0] == '_' || name[0] == '.' {
		return true
	}
	// "notify_on_release", "release_agent" and "tasks" have no dot and so are
	// no unit names. The rest are systemd's controllers, whose names it keeps
	// clear of: the pseudo controllers ("bpf-firewall") count too.
	prefix, _, _ := strings.Cut(name, ".")
	switch prefix {
	case "cgroup", "cpu", "cpuacct", "cpuset", "io", "blkio", "memory", "devices", "pids",
		"bpf-firewall", "bpf-devices", "bpf-foreign", "bpf-socket-bind",
		"bpf-restrict-network-interfaces", "bpf-bind-network-interface":
		return true
	}
	return false
}

// cutLast cuts path before and after its last slash.
func cutLast(path string) (dir, last string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
