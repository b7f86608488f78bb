package configs

import (
	"errors"
	"fmt"
	"slices"

	"github.com/BurntSushi/toml"
)

// document is one TOML file, parsed but not yet judged.
//
// The library says where a key stands only in the errors of a decoder, and hands a decoder nothing but the value. A
// [toml.Primitive] keeps its key, though: so each value is decoded by a probe that takes the value and then fails, and
// the error has the library's own position of that key. This holds for tables, dotted keys, inline tables and quoted keys.
type document struct {
	text string
	meta toml.MetaData
	root map[string]toml.Primitive
}

// parseDocument parses text. Its error is a *KeyError without a file.
func parseDocument(text string) (*document, *KeyError) {
	d := document{text: text}
	var err error
	if d.meta, err = toml.Decode(text, &d.root); err == nil {
		return &d, nil
	}
	var syntax toml.ParseError
	if !errors.As(err, &syntax) {
		return nil, &KeyError{Err: fmt.Errorf("%w: %w", ErrSyntax, err)}
	}
	return nil, &KeyError{Line: syntax.Position.Line, Err: fmt.Errorf("%w: %s", ErrSyntax, syntax.Message)}
}

// table returns the entries of p; nil when p is not a table.
func (d *document) table(p toml.Primitive) map[string]toml.Primitive {
	var entries map[string]toml.Primitive
	if err := d.meta.PrimitiveDecode(p, &entries); err != nil {
		return nil
	}
	return entries
}

// look returns the value of p, which stands at path, as the library decodes it into an any, and the line of its key. A
// table that no line names by itself ("hold" in hold.delay = "1s") has the line of its first entry. 0 is not known.
func (d *document) look(path []string, p toml.Primitive) (raw any, line int) {
	raw, line = d.probe(p)
	if line == 0 {
		line = d.firstLine(path, p)
	}
	return raw, line
}

// probe returns the value of p and the line that the library knows its key by, or 0.
func (d *document) probe(p toml.Primitive) (raw any, line int) {
	var value probe
	var position toml.ParseError
	if errors.As(d.meta.PrimitiveDecode(p, &value), &position) {
		line = position.Position.Line
	}
	return value.raw, line
}

// firstLine returns the line of the first key below path that has one.
func (d *document) firstLine(path []string, p toml.Primitive) int {
	for _, key := range d.meta.Keys() { // In the order of the file.
		if len(key) <= len(path) || !slices.Equal(key[:len(path)], path) {
			continue
		}
		below := p
		for _, name := range key[len(path):] {
			below = d.table(below)[name]
		}
		if _, line := d.probe(below); line > 0 {
			return line
		}
	}
	return 0
}

// keyText writes a path of keys as TOML does: hold.delay, hold."a key".
func keyText(path []string) string { return toml.Key(path).String() }

// probe takes any value, and fails so that the library says where it is.
type probe struct{ raw any }

// errProbe is the failure of a probe; nobody sees it.
var errProbe = errors.New("probe")

// UnmarshalTOML implements [toml.Unmarshaler].
func (p *probe) UnmarshalTOML(raw any) error {
	p.raw = raw
	return errProbe
}
