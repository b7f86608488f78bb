package man_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reprieve/configs"
	"reprieve/plugins"
)

const (
	slicePage  = "reprieve.slice.toml.5"
	daemonPage = "reprieve.toml.5"
)

// keyTag is the tag of a key: ".It Ic hold.delay = Ar duration".
var keyTag = regexp.MustCompile(`^\.It Ic ([a-z_.]+) = Ar `)

// step is the heading of the table that the keys of a step are tried in.
const step = "[[hold.step]]\n"

// load reads one file as it would lie in a configuration directory.
func load(t *testing.T, file, text string) (*configs.Set, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	// A file that is empty would mask.
	if err := os.WriteFile(path, []byte("# A file.\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	return configs.Load(configs.Options{Dirs: []string{dir}, Names: plugins.Names()})
}

// documented is one key of a page, and the file that knows it.
type documented struct {
	item
	file   string
	isStep bool
}

// keys returns the keys of both pages.
func keys(t *testing.T) []documented {
	var list []documented
	for _, i := range items(lines(t, slicePage), keyTag) {
		list = append(list, documented{i, "slices/batch.slice.toml", isStep(i.name)})
	}
	for _, i := range items(lines(t, daemonPage), keyTag) {
		list = append(list, documented{i, "reprieve.toml", false})
	}
	return list
}

// isStep reports whether a key of the page is one of a step: those have no table in front, and only priority has none either.
func isStep(key string) bool { return key != "priority" && !strings.Contains(key, ".") }

// text is a file that sets the key, with all that it takes for the file to be right: a table [pressure] needs a limit, a step needs
// by, delay and unit.
func (k documented) text(value string) string {
	line := k.name + " = " + value + "\n"
	switch {
	case k.isStep:
		text := step
		for _, one := range []string{`by = "signal"`, `delay = "1s"`, `unit = "cache.service"`} {
			if !strings.HasPrefix(one, k.name+" ") {
				text += one + "\n"
			}
		}
		return text + line
	case strings.HasPrefix(k.name, "pressure.") && k.name != "pressure.full":
		return "pressure.full = \"20%\"\n" + line
	}
	return line
}

// without is the same file without the key.
func (k documented) without() string {
	text := k.text("")
	return strings.Replace(text, k.name+" = \n", "", 1)
}

// Ensure that every key of a file has an item, and that no item speaks of a key that there is not.
func TestKeys(t *testing.T) {
	set, err := load(t, "reprieve.toml", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = load(t, "slices/batch.slice.toml", step+`no_such_key_of_a_step = 1`+"\n")
	steps := wrong(t, err, "hold.step[1].no_such_key_of_a_step").Allowed
	daemon, policy := set.Daemon(), set.Policy("batch.slice")
	same(t, daemonPage, "keys", sorted(keysOf(daemon.Settings())), names(items(lines(t, daemonPage), keyTag)))
	same(t, slicePage, "keys", sorted(keysOf(policy.Settings()), strings.Split(steps, ", ")), names(items(lines(t, slicePage), keyTag)))
}

// keysOf returns the keys of settings.
func keysOf(settings []configs.Setting) []string {
	var keys []string
	for _, one := range settings {
		keys = append(keys, one.Key)
	}
	return keys
}

// sorted returns all of several lists.
func sorted(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return all
}

// wrong returns the error about a key.
func wrong(t *testing.T, err error, key string) *configs.KeyError {
	t.Helper()
	var all configs.Errors
	errors.As(err, &all)
	for _, one := range all {
		if one.Key == key {
			return one
		}
	}
	t.Fatalf("Load() = %v, want an error about %s", err, key)
	return nil
}

// Ensure that each item has the bounds and the words that its key takes.
func TestKeys_Allowed(t *testing.T) {
	for _, k := range keys(t) {
		key := k.name
		if k.isStep {
			key = "hold.step[1]." + key
		}
		_, err := load(t, k.file, k.text("1979-05-27")) // A date is never right.
		want, got := wrong(t, err, key).Allowed, k.said(t, "Allowed:")
		if diff := cmp.Diff(values(want), values(got)); diff != "" {
			t.Errorf("%s: is allowed %q, the page says %q: -is +says\n%s", key, want, got, diff)
		}
	}
}

// values returns what a text on allowed values names: numbers with their units, and words in quotes; no examples.
func values(allowed string) []string {
	allowed = regexp.MustCompile(`such as "[^"]*"|\([^)]*\)`).ReplaceAllString(allowed, "")
	var all []string
	for _, value := range regexp.MustCompile(`"[^"]*"|-?\d[\w.%]*`).FindAllString(allowed, -1) {
		all = append(all, strings.Trim(value, `"`))
	}
	slices.Sort(all)
	return all
}

// Ensure that a file with the default that an item states means the same as one without the key.
func TestKeys_Default(t *testing.T) {
	for _, k := range keys(t) {
		if k.name == "protect" {
			continue // See below.
		}
		value := k.said(t, "Default:")
		base, err := load(t, k.file, k.without())
		if value == "none" {
			// A step needs the key; elsewhere it is merely not set.
			if k.isStep && err == nil || !k.isStep && (err != nil || setting(base, k.name) != "") {
				t.Errorf("%s: the page says that there is no default, and there is one", k.name)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		same, err := load(t, k.file, k.text(value))
		if err != nil {
			t.Errorf("%s: the default of the page is an error: %v", k.name, err)
			continue
		}
		noOrigins := []cmp.Option{cmpopts.IgnoreFields(configs.Policy{}, "Origins", "Watched"), cmpopts.IgnoreFields(configs.Daemon{}, "Origins"),
			cmpopts.EquateEmpty()}
		if diff := cmp.Diff(base.Policy("batch.slice"), same.Policy("batch.slice"), noOrigins...); diff != "" {
			t.Errorf("%s: %s is not the default: -default +page\n%s", k.name, value, diff)
		}
		if diff := cmp.Diff(base.Daemon(), same.Daemon(), noOrigins...); diff != "" {
			t.Errorf("%s: %s is not the default: -default +page\n%s", k.name, value, diff)
		}
	}
}

// setting returns the value of a key of batch.slice.
func setting(set *configs.Set, key string) string {
	policy := set.Policy("batch.slice")
	for _, one := range policy.Settings() {
		if one.Key == key {
			return one.Value
		}
	}
	return ""
}

// Ensure that the list of units that are protected by default is the shipped one.
func TestKeys_DefaultProtect(t *testing.T) {
	set, err := load(t, "reprieve.toml", "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range items(lines(t, daemonPage), keyTag) {
		for _, line := range i.body {
			if i.name == "protect" && !strings.HasPrefix(line, ".") && regexp.MustCompile(`^[\w@*.-]+\.(service|slice)(,|$)`).MatchString(line) {
				got = append(got, strings.Split(line, ", ")...)
			}
		}
	}
	if diff := cmp.Diff(set.Daemon().Protect, got); diff != "" {
		t.Errorf("protect: -default +page\n%s", diff)
	}
}

// Ensure that the example of each item, and each file among the examples of a page, is right.
func TestKeys_Examples(t *testing.T) {
	for _, k := range keys(t) {
		if _, err := load(t, k.file, k.text(k.said(t, "Example:"))); err != nil {
			t.Errorf("%s: the example is an error: %v", k.name, err)
		}
	}
	files := 0
	for page, file := range map[string]string{slicePage: "slices/batch.slice.toml", daemonPage: "reprieve.toml"} {
		for _, text := range displays(section(t, page, "EXAMPLES")) {
			if !strings.Contains(text, " = ") {
				continue
			}
			files++
			if _, err := load(t, file, text); err != nil {
				t.Errorf("%s: this example is an error: %v\n%s", page, err, text)
			}
		}
	}
	if files < 5 {
		t.Errorf("the pages have %d examples of files, want at least 5", files)
	}
}
