package units

import (
	"strconv"
	"strings"
)

// OfUser returns the unit of a user manager whose cgroup is path, and the user's
// id: "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x-12.scope"
// is "app-x-12.scope" of 1000. [Manager.StopUserUnit] stops it.
//
// ok is false for everything else: for user@1000.service, which is PID 1's, for
// what a unit made below itself, and for a path that is not exactly where
// systemd and then that manager put the unit, as with [FromCgroup]. A manager
// keeps its root for slices and init.scope, its own processes. The name says
// nothing about whose it is: PID 1 may have a unit of the same name.
func OfUser(path string) (unit string, uid uint32, ok bool) {
	uid, below, ok := cutManager(path)
	if !ok || below == "" {
		return "", 0, false
	}
	unit, ok = FromCgroup(below)
	atRoot := strings.LastIndexByte(below, '/') == 0
	if !ok || unit == rootSlice || atRoot && !IsSlice(unit) && unit != "init.scope" {
		return "", 0, false
	}
	return unit, uid, true
}

// ManagerRoot reports whether path is the cgroup of a user manager itself:
// "/user.slice/user-1000.slice/user@1000.service", with the rules of [OfUser].
func ManagerRoot(path string) bool {
	_, below, ok := cutManager(path)
	return ok && below == ""
}

// cutManager cuts path behind the root of a user manager; below is "" or begins
// with a slash. The same id stands in the slice and in the service, as logind
// makes them, logind-user.c of systemd.
func cutManager(path string) (uid uint32, below string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/user.slice/user-")
	if !ok {
		return 0, "", false
	}
	id, _, _ := strings.Cut(rest, ".")
	if uid, ok = parseUID(id); !ok {
		return 0, "", false
	}
	below, ok = strings.CutPrefix(rest, id+".slice/user@"+id+".service")
	if !ok || below != "" && below[0] != '/' {
		return 0, "", false
	}
	return uid, below, true
}

// parseUID takes a decimal as systemd prints it, without sign or leading zero.
// The highest value is no user: the kernel's (uid_t) -1.
func parseUID(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 1<<32-1 || strconv.FormatUint(n, 10) != s {
		return 0, false
	}
	return uint32(n), true
}
