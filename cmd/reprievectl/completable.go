package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"reprieve/configs"
	"reprieve/episodes"
	"reprieve/memcg"
	"reprieve/plugins"
	"reprieve/units"
)

// completableEpisodes is how many episodes are offered, the newest: more nobody looks through.
const completableEpisodes = 100

// completablePlaces is where slices and episodes are found.
type completablePlaces struct {
	mount   string   // Of cgroup2.
	dirs    []string // Of the configuration, the first wins; nil is configs.DefaultDirs.
	records string   // Of episodes.
}

// completable prints for the completion scripts what there is of a kind: a name, a tab, and what it is.
func completable(args []string, stdout, stderr io.Writer) int {
	return completableAt(args, stdout, stderr, completablePlaces{mount: memcg.DefaultMount, records: episodes.DefaultDir})
}

func completableAt(args []string, stdout, stderr io.Writer, at completablePlaces) int {
	of, ok := parse("__complete", args, stderr, nil)
	if !ok {
		return exitUsage
	}
	var lines []string
	var err error
	switch of[0] {
	case "slices":
		lines, err = completableSlices(configs.Options{Dirs: at.dirs, Names: plugins.Names()}, at.mount)
	case "episodes":
		lines, err = recentEpisodes(at.records)
	default:
		fmt.Fprintf(stderr, "reprievectl __complete: read %q, allowed: slices or episodes\n", of[0])
		return exitUsage
	}
	out := &output{Writer: stdout}
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	code := exitOK
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl __complete: %v\n", err)
		code = exitFindings
	}
	return out.code("__complete", stderr, code)
}

// completableSlices returns the watched slices of a configuration and those that are there, sorted. An error takes nothing from what was
// found of the other kind.
func completableSlices(from configs.Options, mount string) ([]string, error) {
	about := map[string]string{}
	tree, missing := memcg.OpenTree(mount, units.IsSlice)
	if missing == nil {
		defer tree.Close()
		listSlices(tree.Root, about)
	}
	set, wrong := configs.Load(from)
	if wrong == nil {
		for _, name := range set.Named() {
			if _, there := about[name]; !there && set.Policy(name).Watched {
				about[name] = "watched, not there now"
			}
		}
		for name := range about {
			if set.Policy(name).Watched && about[name] == "" {
				about[name] = "watched"
			}
		}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(about)) {
		lines = append(lines, strings.TrimSuffix(name+"\t"+about[name], "\t"))
	}
	return lines, errors.Join(missing, wrong)
}

// listSlices notes a slice and all that are below it.
func listSlices(n *memcg.Node, about map[string]string) {
	if name, ok := units.FromCgroup(n.Path); ok {
		about[name] = ""
	}
	for _, c := range n.Children() {
		if c.Inner {
			listSlices(c, about)
		}
	}
}

// recentEpisodes returns the newest episodes of a directory, the newest first. A directory that is not there has none.
func recentEpisodes(dir string) ([]string, error) {
	all, err := episodes.Store{Dir: dir}.List(episodes.Filter{Newest: completableEpisodes})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var lines []string
	for _, e := range all {
		lines = append(lines, fmt.Sprintf("%s\t%s %s", e.Episode, e.Slice, e.Began.Local().Format("2006-01-02 15:04:05")))
	}
	return lines, err
}
