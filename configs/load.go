package configs

import (
	_ "embed"
	"maps"
	"slices"
)

// shippedDaemon is the lowest layer of the daemon's settings, and installed as /usr/lib/reprieve/reprieve.toml for
// people to read. An administrator's own reprieve.toml replaces that file, but not this layer.
//
//go:embed shipped/reprieve.toml
var shippedDaemon string

// Names are the names of plugins that a slice file may give.
type Names struct {
	Picks []string // For stop.pick; nil is growth, largest, newest, offender, priority, reclaim, stall and swap.
	Holds []string // For hold.by; nil is throttle, freeze, raise and none.
}

// Options are the choices of [Load]. The zero value loads the default directories with the built-in plugins' names.
type Options struct {
	Dirs  []string // The directories to search, the first wins; nil is [DefaultDirs].
	Names Names
}

// Set is a configuration that was found valid. It does not change; it may be used by several goroutines.
type Set struct {
	daemon   Daemon
	policies map[string]Policy // By slice, by prefix ("user-.slice"), and "slice" for all others.
	named    []string
	patterns []string
	files    []string
	managed  []ManagedSlice
}

// Load reads and validates the configuration. Its error is of type [Errors] and has everything that is wrong in all files
// at once; then the set is nil. That files or directories are missing is no error.
//
// The rules are those of systemd for units. Of reprieve.toml and of each slices/NAME.slice.toml the one in the earliest
// directory is read. If it is a link to /dev/null or empty, it masks: its drop-ins are not read either, all values are
// default, and a slice is not watched. Drop-ins are the files *.toml in reprieve.toml.d; for a slice a-b.slice in
// slices/a-b.slice.d, slices/a-.slice.d and slices/slice.d. Of those with the same name one is read: a more specific
// folder goes before a less specific one in the same directory, an earlier directory before a later one, and slice.d comes
// after all others; a link to /dev/null there takes the place of the file and says nothing. They are laid over the main file
// in the order of their names, key by key; a list, that of [[hold.step]] too, is replaced as a whole. Hidden files, and files that do not end
// in .toml, are ignored.
//
// Contradictions between values (a calm longer than the delay) are judged on the merged settings of each slice with files
// of its own, of each prefix and of slices in general, where their files have no other error.
func Load(o Options) (*Set, error) {
	dirs := o.Dirs
	if dirs == nil {
		dirs = DefaultDirs()
	}
	found := list(dirs)
	daemons := newSource(daemonSettings())
	policies := newSource(sliceSettings(o.Names))

	set := &Set{policies: map[string]Policy{}}
	set.daemon = loadDaemon(found, daemons)
	set.named, set.patterns = found.named()
	var contradicting Errors
	// Every slice there can be has the settings of one of these, but for its name: see [Set.Policy].
	for _, stem := range slices.Concat(set.named, set.patterns, []string{allSlices, rootSlice}) {
		policy, clean := loadPolicy(stem, found, policies)
		if clean {
			contradicting = append(contradicting, contradictions(policy)...)
		}
		set.policies[stem] = policy
	}
	errs := slices.Concat(found.errs, daemons.errs, policies.errs, contradicting)
	if len(errs) > 0 {
		return nil, errs.arranged()
	}
	set.files = slices.Sorted(maps.Keys(daemons.layers))
	set.files = append(set.files, slices.Sorted(maps.Keys(policies.layers))...)
	return set, nil
}

// loadDaemon merges the daemon's settings.
func loadDaemon(found *listing, from *source[Daemon]) Daemon {
	d := Daemon{Origins: defaultOrigins(from.settings)}
	shipped, errs := readLayer(BuiltIn, shippedDaemon, from.settings)
	from.errs = append(from.errs, errs...)
	layers, _ := from.stack(found.daemon, winners(found.daemonDropIns))
	merge(&d, d.Origins, append([]*layer[Daemon]{shipped}, layers...))
	return d
}

// loadPolicy merges the settings of a slice, a prefix, or all slices. It is clean when its files have no error.
func loadPolicy(stem string, found *listing, from *source[Policy]) (p Policy, clean bool) {
	p = defaultPolicy()
	p.Slice, p.Origins = stem, defaultOrigins(from.settings)
	layers, masked := from.stack(found.mains[stem], found.sliceDropIns(stem))
	p.Masked = masked
	merge(&p, p.Origins, layers)
	p.fit()
	return p, !slices.ContainsFunc(layers, func(l *layer[Policy]) bool { return l.bad })
}

// source reads the files of one kind, each once.
type source[T any] struct {
	settings []setting[T]
	layers   map[string]*layer[T] // By path.
	errs     Errors
}

func newSource[T any](settings []setting[T]) *source[T] {
	return &source[T]{settings: settings, layers: map[string]*layer[T]{}}
}

// stack returns the layers of a main file (none if "") and its drop-ins; nothing but its path when the main file masks.
func (s *source[T]) stack(main string, dropIns []string) (layers []*layer[T], masked string) {
	if main != "" {
		l := s.layer(main)
		if l.masked {
			return nil, main
		}
		layers = append(layers, l)
	}
	for _, path := range dropIns {
		layers = append(layers, s.layer(path))
	}
	return layers, ""
}

// layer reads one file, or returns what it was when it was read before.
func (s *source[T]) layer(path string) *layer[T] {
	if l := s.layers[path]; l != nil {
		return l
	}
	text, masked, err := readFile(path)
	l, errs := &layer[T]{file: path, masked: masked, bad: err != nil}, Errors(nil)
	if err != nil {
		errs = Errors{{File: path, Err: cause(err)}}
	} else if !masked {
		l, errs = readLayer(path, text, s.settings)
	}
	s.layers[path] = l
	s.errs = append(s.errs, errs...)
	return l
}

// Daemon returns the daemon's settings. The copy is the caller's own.
func (s *Set) Daemon() Daemon {
	d := s.daemon
	d.Protect, d.Origins = slices.Clone(d.Protect), maps.Clone(d.Origins)
	return d
}

// Policy returns the merged settings of any slice, by its name with ".slice", whether a file speaks of it or not. For a
// name of [Set.Patterns] it returns what slices in general have. What is no slice has the defaults and is not watched.
// It only looks up and copies, and cannot fail.
func (s *Set) Policy(slice string) Policy {
	p := Policy{}
	if validStem(slice) {
		p = s.nearest(slice)
	} else {
		p = defaultPolicy()
		p.Origins = defaultOrigins(sliceSettings(Names{}))
	}
	p.Slice = slice
	p.Pressure.Events, p.Stop.Pick = slices.Clone(p.Pressure.Events), slices.Clone(p.Stop.Pick)
	p.Hold.Steps, p.Origins = slices.Clone(p.Hold.Steps), maps.Clone(p.Origins)
	return p
}

// Watched reports whether Policy says so of a slice, without the rest of it.
func (s *Set) Watched(slice string) bool { return validStem(slice) && s.nearest(slice).Watched }

// Priority is Policy's of a slice, without the rest of it.
func (s *Set) Priority(slice string) int {
	if !validStem(slice) {
		return defaultPolicy().Priority
	}
	return s.nearest(slice).Priority
}

// nearest returns the settings of the most specific stem of a slice that has any: of the stems that no file speaks of
// there is nothing to merge.
func (s *Set) nearest(slice string) Policy {
	for _, stem := range stems(slice) {
		if p, ok := s.policies[stem]; ok {
			return p
		}
	}
	return s.policies[allSlices]
}

// Named returns the slices that have a file or a folder of drop-ins of their own, or that [Set.WithManaged] has watched, sorted.
func (s *Set) Named() []string { return slices.Clone(s.named) }

// Patterns returns the prefixes that have drop-ins ("user-.slice", for user-1000.slice and all like it), and "slice" when
// there are drop-ins for every slice, sorted.
func (s *Set) Patterns() []string { return slices.Clone(s.patterns) }

// Files returns the paths of all files that were read, reprieve.toml and its drop-ins first. Those that mask are among
// them; those that another file took the place of are not.
func (s *Set) Files() []string { return slices.Clone(s.files) }
