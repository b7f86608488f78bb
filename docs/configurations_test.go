package docs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reprieve/configs"
	"reprieve/plugins"
)

const etc = "/etc/reprieve/"

// load reads examples as a host would that has them in /etc/reprieve, over the shipped files.
func load(t *testing.T, files map[string]string) (*configs.Set, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, strings.TrimPrefix(name, etc))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return configs.Load(configs.Options{Dirs: []string{dir, "../configs/shipped"}, Names: plugins.Names()})
}

// Ensure every configuration file in the documents is one that reprievectl check accepts, beside the others of its section and the
// shipped ones, and that it is read under the name that it has.
func TestConfigurations(t *testing.T) {
	shipped, err := load(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, document := range documents(t) {
		sections := map[string]map[string]string{}
		for _, b := range blocks(document, read(t, document)) {
			if b.language != "toml" {
				continue
			}
			total++
			if b.name == "" {
				t.Errorf("%s: nothing names the file: let its first line be such as # /etc/reprieve/slices/batch.slice.toml", b.at)
				continue
			}
			if sections[b.section] == nil {
				sections[b.section] = map[string]string{}
			}
			if _, twice := sections[b.section][b.name]; twice {
				t.Errorf("%s: %s is in this section twice: give one of them a heading of its own", b.at, b.name)
			}
			sections[b.section][b.name] = b.text
		}
		for section, files := range sections {
			set, err := load(t, files)
			if err != nil {
				t.Errorf("%s: %v", section, err)
				continue
			}
			for _, unit := range shipped.Daemon().Protect {
				if !slices.Contains(set.Daemon().Protect, unit) {
					t.Errorf("%s: protect replaces the shipped list, and lacks %q of it", section, unit)
				}
			}
			for name, text := range files {
				if !slices.ContainsFunc(set.Files(), func(path string) bool { return strings.HasSuffix(path, strings.TrimPrefix(name, etc)) }) {
					t.Errorf("%s: %s is not read: another file takes its place, or its name is none that is searched", section, name)
				}
				slice, own := strings.CutSuffix(filepath.Base(name), ".toml")
				if own && strings.HasSuffix(slice, ".slice") && set.Watched(slice) != strings.Contains("\n"+text, "\n[pressure]") {
					t.Errorf("%s: %s: watched is %v", section, name, set.Watched(slice))
				}
			}
		}
	}
	if total < 10 {
		t.Errorf("found %d configuration files in the documents, want at least ten", total)
	}
}

// Ensure an example with a key that there is not, or with values that do not go together, is found, and where it is.
func TestConfigurations_Wrong(t *testing.T) {
	for _, tt := range []struct{ name, document, want string }{
		{"an unknown key", "## A\n```toml\n# /etc/reprieve/slices/a.slice.toml\n[pressure]\nfool = \"20%\"\n```\n", "fool"},
		{"a calm longer than the delay", "## A\nSay `/etc/reprieve/slices/a.slice.toml`:\n```toml\n[hold]\ndelay = \"1s\"\ncalm = \"2s\"\n```\n", "hold.calm"},
		{"an unknown picker", "```toml\n# /etc/reprieve/slices/a.slice.d/x.toml\n[stop]\npick = \"nobody\"\n```\n", "nobody"},
		{"not for the root", "```toml\n# /etc/reprieve/slices/-.slice.d/x.toml\n[hold]\nby = \"raise\"\n```\n", "memory.max"},
	} {
		all := blocks("x.md", tt.document)
		if len(all) != 1 || all[0].name == "" {
			t.Errorf("%s: blocks are %+v, want one with a name", tt.name, all)
			continue
		}
		if _, err := load(t, map[string]string{all[0].name: all[0].text}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Load() = %v, want an error with %q", tt.name, err, tt.want)
		}
	}
}
