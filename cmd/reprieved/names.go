package main

import (
	"strings"

	"reprieve/units"
)

// initScope is the unit that a service manager lives in: PID 1, or a user's.
const initScope = "init.scope"

// name is what a cgroup is to systemd.
type name struct {
	unit  string // "" where it is no unit
	slice bool
	user  bool // of the manager of the user uid
	uid   uint32
}

// nameOf returns what the cgroup at path is: a unit of PID 1, a unit of a
// user's manager, or nothing.
func nameOf(path string) name {
	if unit, ok := units.FromCgroup(path); ok {
		return name{unit: unit, slice: units.IsSlice(unit)}
	}
	if unit, uid, ok := units.OfUser(path); ok {
		return name{unit: unit, slice: units.IsSlice(unit), user: true, uid: uid}
	}
	return name{}
}

// inside says by a directory's name whether the tree looks into it: slices, and
// the managers of users, whose units are candidates of their own.
func inside(dir string) bool {
	return units.IsSlice(dir) || (strings.HasPrefix(dir, "user@") && strings.HasSuffix(dir, ".service"))
}

// within reports whether a cgroup path is dir or lies in it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
