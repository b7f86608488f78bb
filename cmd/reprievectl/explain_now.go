package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/units"
)

// matches is which files speak of a slice, and whom the names in them match on this host now. Lists are in the order of paths.
type matches struct {
	Files       []explainedFile `json:"files"`
	Cgroup      string          `json:"cgroup"`      // Below the mount: "/batch.slice".
	There       bool            `json:"there"`       // There is such a group now.
	UsageBytes  *uint64         `json:"usageBytes"`  // memory.current; null: not known, as of the root.
	MaxBytes    *uint64         `json:"maxBytes"`    // memory.max; null: there is none, or it is not known.
	Leaves      int             `json:"leaves"`      // What is held and stopped as one.
	Above       []string        `json:"above"`       // Slices around this one that are watched, the innermost first.
	SelfProtect string          `json:"selfProtect"` // An entry of protect that names the slice, or one around it; "" is none.
	Protected   []protectedLeaf `json:"protected"`
	Preferences []preferring    `json:"preferences"`
	OOMGroups   []oomGroup      `json:"oomGroups"`
	Armed       int             `json:"armed"` // Groups whose memory.oom.group reprieved has set.
	Slices      []rankedSlice   `json:"slices"`

	known     bool // The tree could be listed.
	unlimited bool // memory.max was read, and is none.
}

// explainedFile is a file that may speak of the slice: see configs.Source.
type explainedFile struct {
	File    string `json:"file"`
	Stem    string `json:"stem"`
	Masks   bool   `json:"masks"`
	Hidden  string `json:"hidden"`  // The file that is read in its place, or masks; "" is none.
	InForce int    `json:"inForce"` // How many of its keys no later file has as well.
}

// protectedLeaf is a leaf that is not stopped, or comes last, for its name or that of a unit in it or around it.
type protectedLeaf struct {
	Unit  string `json:"unit"`
	Path  string `json:"path"`
	Entry string `json:"entry"` // Of protect; "" for a service manager, which needs none.
	By    string `json:"by"`    // The unit that the entry names, or init.scope.
	Last  bool   `json:"last"`  // A user chose the name: it comes last, and may be stopped.
}

// preferring is a group with an attribute that systemd-oomd knows.
type preferring struct {
	Unit       string `json:"unit"`
	Path       string `json:"path"`
	Preference string `json:"preference"` // "prefer", "avoid" or "omit".
	Owner      uint32 `json:"owner"`
	Ignored    string `json:"ignored"` // Why it does not count; "" where it does.
}

// oomGroup is a group whose memory.oom.group somebody else than reprieved has set.
type oomGroup struct {
	Unit string `json:"unit"`
	Path string `json:"path"`
}

// rankedSlice is a slice within this one that a file ranks or watches.
type rankedSlice struct {
	Slice    string `json:"slice"`
	Priority int    `json:"priority"`
	Origin   string `json:"origin"` // Of the priority.
	Watched  bool   `json:"watched"`
	There    bool   `json:"there"`
}

// readFiles returns what there is of files, and how much of each is in force.
func readFiles(dirs []string, slice string, p *configs.Policy) matches {
	m := matches{
		Files: []explainedFile{}, Above: []string{}, Protected: []protectedLeaf{}, Preferences: []preferring{}, OOMGroups: []oomGroup{}, Slices: []rankedSlice{},
	}
	for _, s := range configs.Sources(configs.Options{Dirs: dirs}, slice) {
		f := explainedFile{File: s.File, Stem: s.Stem, Masks: s.Masks, Hidden: s.Hidden}
		for _, one := range p.Settings() {
			if one.Origin.File == s.File {
				f.InForce++
			}
		}
		m.Files = append(m.Files, f)
	}
	return m
}

// named reports whether a file speaks of this slice, and not only of every one.
func (m *matches) named() bool {
	return slices.ContainsFunc(m.Files, func(f explainedFile) bool { return f.Stem != "slice" })
}

// look looks for the slice and all that lies in it. A group that goes meanwhile is passed over.
func (m *matches) look(mount string, set *configs.Set, slice string) error {
	path, err := units.SlicePath(slice)
	if err != nil {
		return err
	}
	m.Cgroup = path
	for up := slice; up != "-.slice"; {
		up = sliceAround(up)
		if set.Watched(up) {
			m.Above = append(m.Above, up)
		}
	}
	if _, err := os.Stat(mount); err != nil {
		return err
	}
	tree, err := memcg.OpenTree(mount, hasLeaves)
	if err != nil {
		return err
	}
	defer tree.Close()
	m.known = true
	n := tree.Lookup(path)
	s := survey{matches: m, mount: mount, set: set, protect: set.Daemon().Protect, policy: set.Policy(slice)}
	if n != nil {
		m.There = true
		m.sizesOf(mount, path)
		s.of(n)
	}
	s.slices(slice, tree)
	return nil
}

// hasLeaves says by a directory's name whether the tree looks into it: slices, and the managers of users.
func hasLeaves(dir string) bool {
	return units.IsSlice(dir) || strings.HasPrefix(dir, "user@") && strings.HasSuffix(dir, ".service")
}

// sliceAround returns the slice that a slice lies in: "a.slice" for "a-b.slice".
func sliceAround(slice string) string {
	if dash := strings.LastIndexByte(slice, '-'); dash > 0 {
		return slice[:dash] + ".slice"
	}
	return "-.slice"
}

// sizesOf reads memory.current and memory.max of the slice. What cannot be read is not known.
func (m *matches) sizesOf(mount, path string) {
	var buf memcg.Buffer
	if g, err := memcg.Open(mount, path); err == nil {
		defer g.Release()
		if err := g.Prepare(memcg.Current); err == nil {
			if bytes, err := g.Usage(&buf); err == nil {
				m.UsageBytes = &bytes
			}
		}
	}
	// A memcg.Group opens it for writing, which is for root alone.
	text, err := os.ReadFile(filepath.Join(mount, path, memcg.MaxFile.String()))
	if err != nil {
		return
	}
	switch limit, err := memcg.ParseLimit(text); {
	case err != nil:
	case limit == memcg.Max:
		m.unlimited = true
	default:
		bytes := uint64(limit)
		m.MaxBytes = &bytes
	}
}
