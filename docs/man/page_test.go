package man_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// item is a tagged item of a page: a key, a verb, a code, and what is said of it.
type item struct {
	name string
	head string   // The line of the tag, in mdoc.
	body []string // The lines below it, in mdoc, down to the next item of its kind or the next section.
}

// lines returns the lines of a page or another text.
func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// section returns the lines of a page below one heading.
func section(t *testing.T, path, title string) []string {
	t.Helper()
	all := lines(t, path)
	begin := slices.Index(all, ".Sh "+title)
	if begin < 0 {
		t.Fatalf("%s has no section %s", path, title)
	}
	below := all[begin+1:]
	if end := slices.IndexFunc(below, func(l string) bool { return strings.HasPrefix(l, ".Sh ") }); end >= 0 {
		below = below[:end]
	}
	return below
}

// items returns those items whose tag is as the pattern has it; its first group is the name.
func items(page []string, tag *regexp.Regexp) []item {
	var list []item
	open := false
	for _, line := range page {
		match := tag.FindStringSubmatch(line)
		switch {
		case match != nil:
			list, open = append(list, item{name: match[1], head: line}), true
		case strings.HasPrefix(line, ".Sh ") || strings.HasPrefix(line, ".Ss "):
			open = false
		case open:
			last := &list[len(list)-1]
			last.body = append(last.body, line)
		}
	}
	return list
}

// names returns the names of items, sorted.
func names(list []item) []string {
	var all []string
	for _, i := range list {
		all = append(all, i.name)
	}
	slices.Sort(all)
	return all
}

// said returns what an item says behind a word at the beginning of a line, as a reader sees it.
func (i item) said(t *testing.T, word string) string {
	t.Helper()
	for _, line := range i.body {
		if text, ok := strings.CutPrefix(line, word); ok {
			return strings.TrimSuffix(plain(strings.TrimSpace(text)), ".")
		}
	}
	t.Errorf("%s: no line begins with %q", i.name, word)
	return ""
}

// plain undoes the escapes of roff that the pages use.
func plain(text string) string {
	return strings.NewReplacer(`\-`, "-", `\(dq`, `"`, `\&`, "", `\e`, `\`).Replace(text)
}

// displays returns the literal displays of a section: what a reader may copy.
func displays(section []string) []string {
	var all []string
	open := false
	for _, line := range section {
		switch {
		case strings.HasPrefix(line, ".Bd -literal"):
			all, open = append(all, ""), true
		case line == ".Ed":
			open = false
		case open:
			all[len(all)-1] += plain(line) + "\n"
		}
	}
	return all
}
