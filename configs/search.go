package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// DefaultDirs returns the directories that are searched when [Options.Dirs] is nil; the earlier wins.
func DefaultDirs() []string {
	return []string{"/etc/reprieve", "/run/reprieve", "/usr/local/lib/reprieve", "/usr/lib/reprieve"}
}

// suffix is the end of the name of every file that is read.
const suffix = ".toml"

// listing is what lies in the search directories, before any file of it is opened.
type listing struct {
	// daemon is the path of the first reprieve.toml, or ""; daemonDropIns the files of reprieve.toml.d by directory.
	daemon        string
	daemonDropIns [][]string
	// mains has the path of the first NAME.slice.toml by slice; dropIns the files of STEM.d by directory and stem.
	mains   map[string]string
	dropIns []map[string][]string
	errs    Errors
}

// list lists the search directories. What is missing is fine; what cannot be listed is an error.
func list(dirs []string) *listing {
	l := &listing{mains: map[string]string{}}
	for _, dir := range dirs {
		main := filepath.Join(dir, "reprieve"+suffix)
		if _, err := os.Lstat(main); err == nil && l.daemon == "" {
			l.daemon = main
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.note(main, err)
		}
		l.daemonDropIns = append(l.daemonDropIns, l.files(main+".d"))
		l.dropIns = append(l.dropIns, map[string][]string{})
		l.sliceFolder(filepath.Join(dir, "slices"), l.dropIns[len(l.dropIns)-1])
	}
	return l
}

// sliceFolder lists one folder named slices into mains and dropIns.
func (l *listing) sliceFolder(dir string, dropIns map[string][]string) {
	for _, entry := range l.entries(dir) {
		path := filepath.Join(dir, entry.Name())
		if slice, ok := strings.CutSuffix(entry.Name(), suffix); ok {
			if !validSlice(slice) {
				l.wrongName(path, "NAME.slice.toml for a slice, or a folder NAME.slice.d, PREFIX-.slice.d or slice.d with drop-ins")
			} else if l.mains[slice] == "" {
				l.mains[slice] = path
			}
			continue
		}
		stem, ok := strings.CutSuffix(entry.Name(), ".d")
		if !ok {
			continue
		}
		if !validStem(stem) {
			l.wrongName(path, "NAME.slice.d, PREFIX-.slice.d, or slice.d for every slice")
			continue
		}
		dropIns[stem] = l.files(path)
	}
}

// files returns the paths of the drop-ins in one folder.
func (l *listing) files(dir string) []string {
	var paths []string
	for _, entry := range l.entries(dir) {
		if strings.HasSuffix(entry.Name(), suffix) {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths
}

// entries lists a folder without what is hidden. A folder that does not exist is an empty one.
func (l *listing) entries(dir string) []fs.DirEntry {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.note(dir, err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
}

// named returns the slices that have a file or a drop-in folder of their own; patterns the stems of all other drop-ins.
// Both are sorted.
func (l *listing) named() (slicesNamed, patterns []string) {
	names := maps.Clone(l.mains)
	stemsSeen := map[string]bool{}
	for _, dropIns := range l.dropIns {
		for stem := range dropIns {
			if validSlice(stem) {
				names[stem] = ""
			} else {
				stemsSeen[stem] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), slices.Sorted(maps.Keys(stemsSeen))
}

// sliceDropIns returns the drop-ins of a slice or a prefix in the order in which they are applied: for each directory
// those of its stems, then for each directory those for every slice, one of a name (unit_file_find_dropin_paths).
func (l *listing) sliceDropIns(slice string) []string {
	var groups [][]string
	if slice != allSlices {
		for _, dropIns := range l.dropIns {
			for _, stem := range stems(slice) {
				groups = append(groups, dropIns[stem])
			}
		}
	}
	for _, dropIns := range l.dropIns {
		groups = append(groups, dropIns[allSlices])
	}
	return winners(groups)
}

// winners returns, of the files of each name, the one in the earliest group, in the order of the names.
func winners(groups [][]string) []string {
	byName := map[string]string{}
	for _, group := range groups {
		for _, path := range group {
			if name := filepath.Base(path); byName[name] == "" {
				byName[name] = path
			}
		}
	}
	paths := make([]string, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		paths = append(paths, byName[name])
	}
	return paths
}

func (l *listing) note(path string, err error) {
	l.errs = append(l.errs, &KeyError{File: path, Err: cause(err)})
}

func (l *listing) wrongName(path, allowed string) {
	l.errs = append(l.errs, &KeyError{File: path, Err: ErrName, Allowed: allowed})
}

// cause returns err without the path that the os package puts around it: a [KeyError] has that already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	return err
}

// maxFileBytes is the largest file that is read.
const maxFileBytes = 1 << 20

// readFile returns the text of a file, or masked for what masks a unit file in systemd (null_or_empty): a link to
// /dev/null, any other device, or an empty file. It never waits: a pipe is refused.
func readFile(path string) (text string, masked bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		// It was listed a moment ago.
		return "", false, fmt.Errorf("a link to nothing, or just removed: %w", fs.ErrNotExist)
	}
	if err != nil {
		return "", false, err
	}
	if info.Mode()&fs.ModeDevice != 0 || info.Mode().IsRegular() && info.Size() == 0 {
		return "", true, nil
	}
	if !info.Mode().IsRegular() {
		return "", false, ErrNotRegular
	}
	// Should a pipe have taken its place since, the open does not wait for a writer.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", false, err
	}
	defer file.Close()
	bytes, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return "", false, err
	}
	if len(bytes) > maxFileBytes {
		return "", false, ErrTooLarge
	}
	return string(bytes), false, nil
}
