package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/units"
)

// unitDirs is where systemd finds unit files of the system, systemd.unit(5).
func unitDirs() []string {
	return []string{
		"/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient", "/run/systemd/generator", "/usr/local/lib/systemd/system",
		"/usr/lib/systemd/system", "/lib/systemd/system",
	}
}

// warnAbsent says on w which slices are watched by name and are neither there nor known to systemd's files: a slip of the
// pen, or one that something makes as it starts in it. dirs has the unit files.
func warnAbsent(w io.Writer, set *configs.Set, tree *memcg.Tree, dirs []string) {
	if tree.Root.Inode == 0 {
		return // no tree at all: nobody is there
	}
	var there []string
	for _, slice := range set.Named() {
		path, err := units.SlicePath(slice)
		if err != nil || !set.Watched(slice) || tree.Lookup(path) != nil || hasUnitFile(dirs, slice) {
			continue
		}
		if there == nil {
			there = slicesBelow(tree.Root, nil)
		}
		hint := "nothing is watched until a unit with Slice=" + slice + " starts"
		if guess := configs.Nearest(slice, there); guess != "" {
			hint = "did you mean " + guess + "?"
		}
		fmt.Fprintf(w, "note: %s: there is no such slice now and no unit file of it; %s (%s)\n", slice, hint, whereSet(set.Policy(slice), "pressure"))
	}
}

// hasUnitFile reports whether a unit file, or drop-ins of the slice or of its prefixes, speak of a slice.
func hasUnitFile(dirs []string, slice string) bool {
	names := []string{slice, slice + ".d"}
	for i, c := range slice {
		if c == '-' && i > 0 {
			names = append(names, slice[:i+1]+".slice.d")
		}
	}
	for _, dir := range dirs {
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return true
			}
		}
	}
	return false
}

// slicesBelow returns the names of the slices that are there.
func slicesBelow(n *memcg.Node, all []string) []string {
	for _, c := range n.Children() {
		if slice, ok := units.FromCgroup(c.Path); ok && strings.HasSuffix(slice, ".slice") {
			all = slicesBelow(c, append(all, slice))
		}
	}
	return all
}
