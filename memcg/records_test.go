package memcg

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure what is on record is listed by its groups, what cannot be read is named, and nothing is made or taken away.
func TestRecords(t *testing.T) {
	const hold = `{"version":1,"cgroup":"/b.slice","inode":9,"file":"memory.high","old":"max","mark":"104857600","slice":"b.slice"}`
	dir := plant(t, map[string]string{
		"9.json":        hold,
		"9.freeze.json": strings.NewReplacer("memory.high", "cgroup.freeze", "max", "0", "104857600", "1").Replace(hold),
		"7.json":        strings.NewReplacer("/b.slice", "/a.slice", "9", "7").Replace(hold),
		"1.json":        hold, // of another group
		"2.json":        "{",
		"3.json":        "{}",
		"4.json.new":    hold,
	})
	all, unread := Records(dir)
	var got []string
	for _, r := range all {
		got = append(got, r.Path+" "+r.File)
	}
	if want := "/a.slice memory.high, /b.slice cgroup.freeze, /b.slice memory.high"; strings.Join(got, ", ") != want {
		t.Errorf("Records() = %s, want %s", strings.Join(got, ", "), want)
	}
	if len(unread) != 3 {
		t.Fatalf("Records() cannot read %v, want three files", unread)
	}
	for i, want := range []string{"1.json", "2.json", "3.json"} {
		if at := (*LedgerError)(nil); !errors.As(unread[i], &at) || at.File != filepath.Join(dir, want) {
			t.Errorf("Records(): error %v, want one of %s", unread[i], want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 7 {
		t.Errorf("after Records() there are %q, %v, want all seven", left, err)
	}
	if all, unread := Records(filepath.Join(dir, "missing")); all != nil || unread != nil {
		t.Errorf("Records() of a directory that is not there = %v, %v, want nothing", all, unread)
	}
	if _, unread := Records(filepath.Join(dir, "2.json")); len(unread) != 1 {
		t.Errorf("Records() of a file: errors %v, want one", unread)
	}
}
