package memcg

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// Preference is what the extended attributes of a group's directory ask of
// whoever stops groups when memory is short.
type Preference int

// The preferences. Avoid and Omit are systemd-oomd's, which systemd sets for
// ManagedOOMPreference= (src/oom/oomd-util.c); Prefer has no setting of
// systemd's and is oomd's own.
const (
	NoPreference Preference = iota
	Prefer                  // user.oomd_prefer: before the others
	Avoid                   // user.oomd_avoid: after the others
	Omit                    // user.oomd_omit: never
)

// String returns "none", "prefer", "avoid" or "omit".
func (p Preference) String() string {
	switch p {
	case Prefer:
		return "prefer"
	case Avoid:
		return "avoid"
	case Omit:
		return "omit"
	}
	return "none"
}

// xattrListBytes is room for the names of some hundred attributes; systemd sets
// a handful. Whoever owns a group may set more than fit: then each name is asked for.
const xattrListBytes = 2048

// Preference returns what the group's extended attributes ask for, omit over
// avoid over prefer, and the owner of the directory: anybody who owns a group
// can set them, so whether they count is Honoured's question. No attributes,
// or a file system without them, is NoPreference. It allocates a file's name,
// and those of attributes that are there. A removed group is ErrGone.
func (g *Group) Preference() (p Preference, owner uint32, err error) {
	if owner, err = g.Owner(); err != nil {
		return NoPreference, 0, err
	}
	var list [xattrListBytes]byte
	n, err := unix.Flistxattr(g.dir, list[:])
	if xattrAbsent(err) {
		return NoPreference, owner, nil
	}
	if err != nil && err != unix.ERANGE {
		return NoPreference, 0, fail(g.Path, "", "list extended attributes", err)
	}
	unlisted := err == unix.ERANGE
	for _, ask := range [...]struct {
		name string
		p    Preference
	}{{"user.oomd_omit", Omit}, {"user.oomd_avoid", Avoid}, {"user.oomd_prefer", Prefer}} {
		if !unlisted && !listed(list[:n], ask.name) {
			continue
		}
		set, err := g.boolXattr(ask.name)
		if err != nil {
			return NoPreference, 0, err
		}
		if set {
			return ask.p, owner, nil
		}
	}
	return NoPreference, owner, nil
}

// Honoured is systemd-oomd's rule for whose preference counts
// (systemd.resource-control(5), ManagedOOMPreference=): that of a group owned by root,
// or by the owner of the watched group.
func Honoured(owner, watched uint32) bool { return owner == 0 || owner == watched }

// Owner returns the user ID that owns the group's directory. A removed group
// is ErrGone.
func (g *Group) Owner() (uint32, error) {
	var st unix.Stat_t
	if err := unix.Fstat(g.dir, &st); err != nil {
		return 0, fail(g.Path, "", "stat", err)
	}
	if st.Nlink == 0 || g.removed() {
		return 0, fail(g.Path, "", "stat", ErrGone)
	}
	return st.Uid, nil
}

// removed reports whether the group is gone though its directory's descriptor
// answers: kernfs gives the attributes and the link count of a removed
// directory as before (6.18), but finds no file in it.
func (g *Group) removed() bool {
	if err := unix.Faccessat(g.dir, Procs.String(), unix.F_OK, 0); err != unix.ENOENT {
		return err == unix.ENODEV
	}
	var fs unix.Statfs_t
	return unix.Fstatfs(g.dir, &fs) == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC
}

// boolXattr reads an attribute as systemd does (parse_boolean); what is not
// true is false, as is a value too long to be one.
func (g *Group) boolXattr(name string) (bool, error) {
	var value [8]byte
	n, err := unix.Fgetxattr(g.dir, name, value[:])
	if xattrAbsent(err) || err == unix.ERANGE {
		return false, nil
	}
	if err != nil {
		return false, fail(g.Path, "", "get "+name, err)
	}
	switch string(bytes.ToLower(value[:n])) {
	case "1", "yes", "y", "true", "t", "on":
		return true, nil
	}
	return false, nil
}

// listed reports whether a name is in a list of names that each end in a zero.
func listed(list []byte, name string) bool {
	for len(list) > 0 {
		end := bytes.IndexByte(list, 0)
		if end < 0 {
			return false
		}
		if string(list[:end]) == name {
			return true
		}
		list = list[end+1:]
	}
	return false
}

// xattrAbsent reports whether an error says that there is no such attribute,
// or none at all on this file system.
func xattrAbsent(err error) bool {
	return err == unix.ENODATA || err == unix.ENOTSUP || err == unix.ENOSYS
}
