package memcg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plant makes groups in a temporary directory: "path/file" to its text.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// opened opens a group of a planted tree with all its files.
func opened(t *testing.T, root, path string) *Group {
	t.Helper()
	g, err := Open(root, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Release)
	var all []File
	for f := range files {
		all = append(all, f)
	}
	if err := g.Prepare(all...); err != nil {
		t.Fatal(err)
	}
	return g
}

func text(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}
