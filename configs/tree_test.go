package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree writes files into a new directory and returns its path. A content of "-> TARGET" makes a link, a name that ends
// in a slash an empty folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch target, isLink := strings.CutPrefix(content, "-> "); {
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(path, 0o755))
		case isLink:
			must(t, os.Symlink(target, path))
		default:
			must(t, os.WriteFile(path, []byte(content), 0o644))
		}
	}
	return root
}

// searched returns the options that search etc, run and lib below root, in this order.
func searched(root string) Options {
	return Options{Dirs: []string{filepath.Join(root, "etc"), filepath.Join(root, "run"), filepath.Join(root, "lib")}}
}

// load loads a tree that must be right.
func load(t *testing.T, files map[string]string) (set *Set, root string) {
	t.Helper()
	root = tree(t, files)
	set, err := Load(searched(root))
	must(t, err)
	return set, root
}

// loadErrors loads a tree that must be wrong and returns the errors, one a line, with paths relative to the tree.
func loadErrors(t *testing.T, files map[string]string) string {
	t.Helper()
	root := tree(t, files)
	set, err := Load(searched(root))
	if err == nil || set != nil {
		t.Fatalf("Load = %v, %v; want no set and errors", set, err)
	}
	return strings.ReplaceAll(err.Error(), root+"/", "")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
