// Package man_test holds the manual pages against what they speak of: a key, a verb, a flag, a message or an exit code that a page
// lacks, or has and there is none, is an error here.
package man_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/internal/control"
)

const (
	toolPage  = "reprievectl.1"
	reprieved = "reprieved.8"
	exporter  = "reprieve-exporter.8"
	root      = "../.."
)

// source returns the texts of the Go files of folders, without their tests.
func source(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: found %d Go files, %v", folder, len(paths), err)
		}
		for _, path := range paths {
			if !strings.HasSuffix(path, "_test.go") {
				texts[path] = strings.Join(lines(t, path), "\n")
			}
		}
	}
	return texts
}

// found returns the first group of all matches in texts, sorted and each once.
func found(pattern string, texts ...string) []string {
	var all []string
	for _, text := range texts {
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			all = append(all, match[1])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// same reports how what a page has differs from what there is.
func same(t *testing.T, page, what string, there, has []string) {
	t.Helper()
	if len(there) == 0 {
		t.Errorf("%s: found no %s to compare with", page, what)
	}
	if diff := cmp.Diff(there, has); diff != "" {
		t.Errorf("%s: %s differ: -there are +the page has\n%s", page, what, diff)
	}
}

// Ensure that every program that is installed has a page.
func TestPrograms(t *testing.T) {
	programs := found(`\$\(BIN\)/([\w-]+)`, lines(t, filepath.Join(root, "Makefile"))...)
	if len(programs) < 2 {
		t.Fatalf("make install installs %q, want at least two programs", programs)
	}
	for _, name := range programs {
		if pages, err := filepath.Glob(name + ".[18]"); err != nil || len(pages) != 1 {
			t.Errorf("%s has the pages %q, %v, want one", name, pages, err)
		}
	}
}

// Ensure that the page of the tool has every verb, each with what it takes.
func TestVerbs(t *testing.T) {
	tool := build(t, "reprievectl")
	described := items(section(t, toolPage, "DESCRIPTION"), regexp.MustCompile(`^\.It Cm (\w+)`))
	verbs := found(`(?m)^  ([a-z]\w*)`, says(t, tool, "help"))
	same(t, toolPage, "verbs", verbs, names(described))
	for _, i := range described {
		if !slices.Contains(verbs, i.name) {
			continue
		}
		help := says(t, tool, "help", i.name)
		_, rows, _ := strings.Cut(help, "\nFlags:\n")
		rows, _, _ = strings.Cut(rows, "\n\n")
		flags := found(`(?m)^  (--?[a-z][a-z-]*)`, rows)
		head, body := plain(i.head), plain(strings.Join(i.body, "\n"))
		var has []string
		for _, match := range regexp.MustCompile(`\bFl (Fl )?([a-z][a-z-]*)`).FindAllStringSubmatch(head+"\n"+body, -1) {
			has = append(has, strings.Repeat("-", 1+len(match[1])/3)+match[2])
		}
		slices.Sort(has)
		if diff := cmp.Diff(flags, slices.Compact(has)); diff != "" {
			t.Errorf("%s: flags of %s: -there are +the page has\n%s", toolPage, i.name, diff)
		}
		usage, _, _ := strings.Cut(strings.TrimPrefix(help, "usage: reprievectl "+i.name), "\n")
		for _, word := range found(`([A-Za-z]+)`, strings.Replace(usage, "[FLAGS]", "", 1)) {
			if !slices.Contains(strings.Fields(head), word) {
				t.Errorf("%s: %s takes %s, which %q lacks", toolPage, i.name, word, i.head)
			}
		}
	}
}

// Ensure that the page of the daemon has its flags.
func TestDaemonFlags(t *testing.T) {
	there := found(`(?m)^  -(\w+)`, says(t, build(t, "reprieved"), "-h"))
	same(t, reprieved, "flags", there, found(`(?m)^\.It Fl (\w+)`, strings.Join(section(t, reprieved, "DESCRIPTION"), "\n")))
}

// build makes a program of this module, as it is now.
func build(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", path, "./cmd/"+name)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return path
}

// says returns all that a program prints.
func says(t *testing.T, path string, args ...string) string {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// Ensure that both pages of programs have every exit code.
func TestExitCodes(t *testing.T) {
	for page, folder := range map[string]string{toolPage: "cmd/reprievectl", reprieved: "cmd/reprieved"} {
		var texts []string
		for _, text := range source(t, folder) {
			texts = append(texts, text)
		}
		// As gofmt writes a constant, in a list or by itself.
		there := found(`(?m)^(?:const |\t)exit[A-Z]\w* += (\d+)\b`, texts...)
		same(t, page, "exit codes", there, names(items(section(t, page, "EXIT STATUS"), regexp.MustCompile(`^\.It (\d+)$`))))
	}
}

// Ensure that the page of the daemon has every message of the catalog, and each with its priority.
func TestMessages(t *testing.T) {
	catalog := strings.Join(lines(t, filepath.Join(root, "configs/catalog/reprieve.catalog")), "\n")
	described := items(section(t, reprieved, "JOURNAL"), regexp.MustCompile(`^\.It Va ([0-9a-f]{32})$`))
	same(t, reprieved, "messages", found(`(?m)^-- ([0-9a-f]{32})$`, catalog), names(described))
	for _, i := range described {
		if got := i.said(t, "Priority:"); !regexp.MustCompile(`^(err|warning|notice|info)\b`).MatchString(got) {
			t.Errorf("%s: %s has priority %q, want err, warning, notice or info", reprieved, i.name, got)
		}
	}
}

// Ensure that the page of the daemon has every field that a message may have.
func TestFields(t *testing.T) {
	var texts []string
	for _, text := range source(t, "cmd/reprieved", "plugins/report") {
		texts = append(texts, text)
	}
	var tags []string
	for _, line := range section(t, reprieved, "JOURNAL") {
		if strings.HasPrefix(line, ".It Va ") {
			tags = append(tags, line)
		}
	}
	same(t, reprieved, "fields", found(`"((?:REPRIEVE|OBJECT)_[A-Z_]+)"`, texts...), found(`\b((?:REPRIEVE|OBJECT)_[A-Z_]+)`, tags...))
}

// Ensure that the page of the daemon has every method that its socket answers.
func TestMethods(t *testing.T) {
	same(t, reprieved, "methods", found(`(?m)^method (\w+)`, control.Description()),
		names(items(section(t, reprieved, "DESCRIPTION"), regexp.MustCompile(`^\.It Ic ([A-Z]\w+)$`))))
}

// Ensure that a page has every variable of the environment that its program reads.
func TestEnvironment(t *testing.T) {
	for page, folders := range map[string][]string{
		toolPage: {"cmd/reprievectl", "internal/terminal"}, reprieved: {"cmd/reprieved", "internal/notify"}, exporter: {"cmd/reprieve-exporter"},
	} {
		has := found(`\b([A-Z][A-Z_]+)\b`, section(t, page, "ENVIRONMENT")...)
		for path, text := range source(t, folders...) {
			for _, name := range found(`(?:[gG]etenv|LookupEnv|\benv)\("([A-Z_]+)"\)`, text) {
				if !slices.Contains(has, name) {
					t.Errorf("%s: %s is read in %s, and the page has only %q", page, name, path, has)
				}
			}
		}
	}
}

// Ensure that each page names all directories that are searched, in their order.
func TestDirectories(t *testing.T) {
	for _, page := range []string{toolPage, reprieved, daemonPage, slicePage} {
		text := plain(strings.Join(lines(t, page), "\n"))
		at := 0
		for _, dir := range configs.DefaultDirs() {
			next := strings.Index(text[at:], dir)
			if next < 0 {
				t.Errorf("%s: %s does not come where it should, in the order of %q", page, dir, configs.DefaultDirs())
				break
			}
			at += next + len(dir)
		}
	}
}
