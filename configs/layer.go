package configs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// layer is what one file has to say about a T.
type layer[T any] struct {
	file   string
	masked bool // A link to /dev/null, or an empty file: it has nothing to say.
	bad    bool // It has errors; they have been noted.
	values []value[T]
}

// value is one setting as one file has it.
type value[T any] struct {
	key   string
	line  int
	apply func(*T)
}

// merge lays layers over t in their order, key by key, and notes in origins where each value came from.
func merge[T any](t *T, origins map[string]Origin, layers []*layer[T]) {
	for _, l := range layers {
		for _, v := range l.values {
			v.apply(t)
			origins[v.key] = Origin{File: l.file, Line: v.line}
		}
	}
}

// defaultOrigins has an entry for each setting, and none for a table: a table has no default.
func defaultOrigins[T any](settings []setting[T]) map[string]Origin {
	origins := make(map[string]Origin, len(settings))
	for _, s := range settings {
		if !s.table {
			origins[s.key] = Origin{}
		}
	}
	return origins
}

// maxUnknown bounds the unknown keys told of one file: each costs a scan of the file for its line.
const maxUnknown = 100

// reading turns a document into a layer by a table of settings.
type reading[T any] struct {
	settings []setting[T]
	doc      *document
	layer    *layer[T]
	errs     Errors
	unknown  int
}

// readLayer judges the text of a file: every key of it, so that no error hides another.
func readLayer[T any](file, text string, settings []setting[T]) (*layer[T], Errors) {
	l := &layer[T]{file: file}
	doc, syntax := parseDocument(text)
	if syntax != nil {
		syntax.File, l.bad = file, true
		return l, Errors{syntax}
	}
	r := &reading[T]{settings: settings, doc: doc, layer: l}
	r.walk(nil, doc.root)
	if more := r.unknown - maxUnknown; more > 0 {
		r.errs = append(r.errs, &KeyError{File: file, Err: fmt.Errorf("%w: %d more of them", ErrUnknownKey, more)})
	}
	l.bad = len(r.errs) > 0
	return l, r.errs
}

// walk judges the entries of one table.
func (r *reading[T]) walk(parent []string, entries map[string]toml.Primitive) {
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		r.entry(append(slices.Clip(parent), name), entries[name])
	}
}

// entry judges one entry.
func (r *reading[T]) entry(path []string, p toml.Primitive) {
	key := keyText(path)
	i := slices.IndexFunc(r.settings, func(s setting[T]) bool { return s.key == key })
	if i < 0 {
		r.unknownKey(path, p)
		return
	}
	s := r.settings[i]
	if s.list != nil {
		r.list(s, path, p)
		return
	}
	raw, line := r.doc.look(path, p)
	apply, ok := s.read(raw)
	if !ok {
		r.note(&KeyError{Key: key, Line: line, Found: foundText(raw), Allowed: s.allowed, Meant: meant(raw, s.names)})
		return
	}
	r.layer.values = append(r.layer.values, value[T]{key: key, line: line, apply: apply})
	if s.table {
		r.walk(path, r.doc.table(p))
	}
}

// list judges a list of tables.
func (r *reading[T]) list(s setting[T], path []string, p toml.Primitive) {
	apply, line, errs := s.list(r.doc, path, p)
	for _, e := range errs {
		r.note(e)
	}
	if len(errs) == 0 {
		r.layer.values = append(r.layer.values, value[T]{key: s.key, line: line, apply: apply})
	}
}

// unknownKey notes a key without a setting, and what it may have been meant to be.
func (r *reading[T]) unknownKey(path []string, p toml.Primitive) {
	if r.unknown++; r.unknown > maxUnknown {
		return
	}
	raw, line := r.doc.look(path, p)
	_, isTable := raw.(map[string]any)
	var known []string
	// Where there are no tables, one was meant to be something else.
	isTable = isTable && slices.ContainsFunc(r.settings, func(s setting[T]) bool { return s.table })
	for _, s := range r.settings {
		if s.table == isTable {
			known = append(known, s.key)
		}
	}
	e := &KeyError{Key: keyText(path), Line: line, Err: ErrUnknownKey}
	if guess := Nearest(strings.Join(path, "."), known); guess != "" {
		e.Err = fmt.Errorf("%w, did you mean %s?", ErrUnknownKey, guess)
	} else {
		e.Allowed = strings.Join(known, ", ")
	}
	r.note(e)
}

// note adds an error of this file.
func (r *reading[T]) note(e *KeyError) {
	e.File = r.layer.file
	r.errs = append(r.errs, e)
}
