package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"reprieve/configs"
)

// checked is what check finds, for programs. Its lists are never null.
type checked struct {
	Valid  bool           `json:"valid"`
	Errors []string       `json:"errors"` // Each with its file and line.
	Daemon []explainedKey `json:"daemon"`
	Slices []checkedSlice `json:"slices"` // That files name, prefixes ("user-.slice") and "slice" for all others among them.
	Files  []string       `json:"files"`  // That were read.
	Notes  []string       `json:"notes"`  // What on the host is at odds with the configuration; not with DIR.
	Unseen []string       `json:"unseen"` // What could not be looked at for that.
}

// checkedSlice is what holds for one of them.
type checkedSlice struct {
	Slice    string         `json:"slice"`
	Watched  bool           `json:"watched"`
	Masked   string         `json:"masked,omitempty"` // The file that masks it.
	Settings []explainedKey `json:"settings"`
}

// checkedOf is a configuration, or what is wrong with it; set is nil then.
func checkedOf(set *configs.Set, err error) checked {
	c := checked{Valid: err == nil, Errors: []string{}, Daemon: []explainedKey{}, Slices: []checkedSlice{}, Files: []string{}, Notes: []string{}, Unseen: []string{}}
	var several configs.Errors
	switch {
	case errors.As(err, &several):
		for _, e := range several {
			c.Errors = append(c.Errors, e.Error())
		}
		return c
	case err != nil:
		c.Errors = append(c.Errors, err.Error())
		return c
	}
	daemon := set.Daemon()
	c.Daemon, c.Files = explainedKeys(daemon.Settings()), append(c.Files, set.Files()...)
	for _, name := range slices.Concat(set.Named(), set.Patterns()) {
		p := set.Policy(name)
		c.Slices = append(c.Slices, checkedSlice{Slice: name, Watched: p.Watched, Masked: p.Masked, Settings: explainedKeys(p.Settings())})
	}
	return c
}

func explainedKeys(all []configs.Setting) []explainedKey {
	keys := make([]explainedKey, 0, len(all))
	for _, s := range all {
		keys = append(keys, explainedKey{Key: s.Key, Value: s.Value, Origin: s.Origin.String()})
	}
	return keys
}

// lines is a writer that keeps what it is given, a line each.
type lines struct{ strings.Builder }

var _ io.Writer = &lines{}

func (l *lines) all() []string {
	text := strings.TrimSuffix(l.String(), "\n")
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}
