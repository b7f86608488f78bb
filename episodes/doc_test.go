package episodes

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// document returns docs/records.md, and the example in it.
func document(t *testing.T) (text, example []byte) {
	t.Helper()
	text, err := os.ReadFile("../docs/records.md")
	must(t, err)
	found := regexp.MustCompile("(?s)\n```json\n(.*?\n)```\n").FindSubmatch(text)
	if found == nil {
		t.Fatal("docs/records.md has no example")
	}
	return text, found[1]
}

// Ensure the example in the document is a record, without a field that there is not, and comes back as it was.
func TestDocument_Example(t *testing.T) {
	_, example := document(t)
	strict := json.NewDecoder(bytes.NewReader(example))
	strict.DisallowUnknownFields()
	var want Record
	must(t, strict.Decode(&want))
	path := put(t, example)
	got, err := Read(path)
	must(t, err)
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("Read: -want +got\n%s", diff)
	}
	if s, err := ReadSummary(path); err != nil || !cmp.Equal(s, want.Summary) {
		t.Errorf("ReadSummary = %+v, %v, want %+v", s, err, want.Summary)
	}
	if got, want := Version, want.Version; got != want {
		t.Errorf("Version = %d, the example has %d", got, want)
	}
	s := write(t, got)
	all, err := s.List(Filter{})
	must(t, err)
	if name := "20261122T190512.123456Z_batch.slice_" + want.Episode + ".json"; len(all) != 1 || all[0].Name != name {
		t.Errorf("the file is %v, want %s", all, name)
	} else if text, _ := document(t); !bytes.Contains(text, []byte(name)) {
		t.Errorf("docs/records.md does not name %s", name)
	}
}

// Ensure the document names every field, and that the example leaves out only those of which a record of a stop has none.
func TestDocument_Fields(t *testing.T) {
	text, example := document(t)
	words, _, _ := bytes.Cut(text, []byte("```json"))
	absent := map[string]bool{"observe": true, "kernelKills": true, "others": true, "uid": true, "preference": true, "scanRate": true, "offences": true,
		"groups": true, "sums": true}
	var walk func(of reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if name != "" && !bytes.Contains(words, []byte("`"+name+"`")) {
				t.Errorf("docs/records.md says nothing of %s.%s", of.Name(), name)
			}
			if name != "" && bytes.Contains(example, []byte(`"`+name+`":`)) == absent[name] {
				t.Errorf("the example has %s: %v, want %v", name, absent[name], !absent[name])
			}
			walk(of.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[Record]())
	for _, outcome := range []Outcome{Running, Relieved, Spared, Stopped, Killed, Failed} {
		if !bytes.Contains(words, []byte("`"+string(outcome)+"`")) {
			t.Errorf("docs/records.md says nothing of the outcome %s", outcome)
		}
	}
}
