package probe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// host makes a host of ordinary files, and directories where a name ends with a slash.
func host(t *testing.T, files map[string]string) Places {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		at := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(at), 0o755)
		switch {
		case err != nil:
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(at, 0o755)
		default:
			err = os.WriteFile(at, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return Places{Root: root}
}

// with is a set of files with others in it; "-" takes one away.
func with(files map[string]string, others ...string) map[string]string {
	all := map[string]string{}
	for name, text := range files {
		all[name] = text
	}
	for i := 0; i < len(others); i += 2 {
		if all[others[i]] = others[i+1]; others[i+1] == "-" {
			delete(all, others[i])
		}
	}
	return all
}

// short writes findings as their states and names, and whether each has a remedy.
func short(findings []Finding) string {
	var all []string
	for _, f := range findings {
		text := string(f.State) + " " + f.Name
		if f.Remedy != "" {
			text += " *"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// says reports whether each of the words stands in the text or the remedy of a finding.
func says(findings []Finding, words ...string) bool {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(f.Text + "\n" + f.Remedy + "\n")
	}
	for _, w := range words {
		if !strings.Contains(b.String(), w) {
			return false
		}
	}
	return true
}

// looked is a row of most tables here.
type looked struct {
	name  string
	files map[string]string
	want  string   // as short has it
	words []string // that are said
}

// compare looks at each row.
func compare(t *testing.T, rows []looked, look func(Places) []Finding) {
	t.Helper()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			got := look(host(t, tt.files))
			if short(got) != tt.want {
				t.Errorf("found %s\nwant  %s\n%+v", short(got), tt.want, got)
			}
			if !says(got, tt.words...) {
				t.Errorf("found %+v, want %q in it", got, tt.words)
			}
			for _, f := range got {
				if f.Text == "" || strings.Contains(f.Text+f.Remedy, "\n") || strings.Contains(f.Text, "%!") {
					t.Errorf("%s says %q, %q, want one line each", f.Name, f.Text, f.Remedy)
				}
			}
		})
	}
}
