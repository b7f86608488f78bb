package configs

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Source is a file that may speak of a slice, and what becomes of it.
type Source struct {
	File string
	Stem string // What it speaks of: the slice, a prefix ("user-.slice"), or "slice" for every slice.
	// Masks says that it is a link to /dev/null, or empty: of its name nothing is read, and a slice masked so has no drop-ins.
	Masks bool
	// Hidden is the file because of which this one is not read: an earlier one of its name, or one that masks the slice. "" is none.
	Hidden string
}

// Sources returns the files that may speak of a slice by the rules of [Load]. First those that are read, in the order in
// which they are applied: of two that have the same key the later wins. Then those that are hidden. It lists the directories
// anew and looks at no text; what cannot be listed is left out, and is an error of Load's. What is no slice has none.
func Sources(o Options, slice string) []Source {
	if !validSlice(slice) {
		return nil
	}
	dirs := o.Dirs
	if dirs == nil {
		dirs = DefaultDirs()
	}
	var read, hidden []Source
	add := func(path, stem, by string) {
		s := Source{File: path, Stem: stem, Hidden: by}
		if by != "" {
			hidden = append(hidden, s)
			return
		}
		_, s.Masks, _ = readFile(path)
		read = append(read, s)
	}
	mask := "" // hides all drop-ins
	for i, path := range mainFiles(dirs, slice) {
		if i > 0 {
			add(path, slice, read[0].File)
		} else if add(path, slice, ""); read[0].Masks {
			mask = path
		}
	}
	found := list(dirs)
	applied := found.sliceDropIns(slice)
	for _, path := range applied {
		add(path, stemOf(path), mask)
	}
	for _, path := range found.allDropIns(slice) {
		if winner := namesake(applied, path); winner != path {
			add(path, stemOf(path), cmp.Or(mask, winner))
		}
	}
	return append(read, hidden...)
}

// namesake returns the path whose file has the same name, one that there is.
func namesake(paths []string, path string) string {
	return paths[slices.IndexFunc(paths, func(p string) bool { return filepath.Base(p) == filepath.Base(path) })]
}

// mainFiles returns the files NAME.slice.toml of a slice, the one that is read first.
func mainFiles(dirs []string, slice string) []string {
	var paths []string
	for _, dir := range dirs {
		path := filepath.Join(dir, "slices", slice+suffix)
		if _, err := os.Lstat(path); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// allDropIns returns the drop-ins of a slice, those that are hidden among them.
func (l *listing) allDropIns(slice string) []string {
	var paths []string
	for _, dropIns := range l.dropIns {
		for _, stem := range append(stems(slice), allSlices) {
			paths = append(paths, dropIns[stem]...)
		}
	}
	return paths
}

// stemOf returns what a drop-in speaks of.
func stemOf(path string) string { return strings.TrimSuffix(filepath.Base(filepath.Dir(path)), ".d") }
