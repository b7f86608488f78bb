package configs

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// element is one table of a list of tables, such as [[hold.step]].
type element struct {
	doc     *document // Where its entries are looked up.
	entries map[string]toml.Primitive
	line    int  // Of its heading; 0 when it is not known.
	exact   bool // Whether doc knows the lines of the entries. Else they have the line of the element.
}

// elements returns the tables of a list at path, in their order. raw and line are what look found there. ok is false when
// that is anything but a list of tables, each with a heading of its own or all written within one value.
//
// The library keeps one position for a path, and all tables of a list have the same: it is that of the last one. So the
// last table is read, the text is cut above its heading, and what is left is parsed again for the one before. The caller
// bounds the length of the list.
func (d *document) elements(path []string, raw any, line int) (list []element, ok bool) {
	headings, isHeadings := raw.([]map[string]any)
	if !isHeadings {
		return d.within(path, raw, line)
	}
	list = make([]element, len(headings))
	for i, above := len(list)-1, d; i >= 0; i-- {
		items := above.items(path)
		if len(items) != i+1 {
			return nil, false // No text gets here: a heading stands in a line of its own, and so does all above it.
		}
		_, heading := above.probe(items[i])
		list[i] = element{doc: above, entries: above.table(items[i]), line: heading, exact: true}
		if i == 0 {
			break
		}
		var err *KeyError
		if above, err = parseDocument(linesAbove(above.text, heading)); err != nil {
			return nil, false // Nor here.
		}
	}
	return list, true
}

// within returns the tables of a list that is written as one value.
func (d *document) within(path []string, raw any, line int) (list []element, ok bool) {
	values, ok := raw.([]any)
	items := d.items(path)
	if !ok || len(items) != len(values) {
		return nil, false
	}
	for i, value := range values {
		if _, isTable := value.(map[string]any); !isTable {
			return nil, false
		}
		list = append(list, element{doc: d, entries: d.table(items[i]), line: line})
	}
	return list, true
}

// items returns the values of the list at path, nil when there is none.
func (d *document) items(path []string) []toml.Primitive {
	entries := d.root
	for _, name := range path[:len(path)-1] {
		entries = d.table(entries[name])
	}
	var items []toml.Primitive
	if err := d.meta.PrimitiveDecode(entries[path[len(path)-1]], &items); err != nil {
		return nil
	}
	return items
}

// linesAbove returns the lines of text above one of them, counted from 1.
func linesAbove(text string, line int) string {
	end := 0
	for range line - 1 {
		end += strings.IndexByte(text[end:], '\n') + 1
	}
	return text[:end]
}
