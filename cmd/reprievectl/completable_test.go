package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/episodes"
	"reprieve/plugins"
)

// Ensure slices are offered that are there or that are watched, with what they are, and a configuration that is wrong takes none away.
func TestCompletableSlices(t *testing.T) {
	at := host(t, "batch.slice/batch-a.slice/x.service", "system.slice/system-sys\\x2dfsck.slice", "system.slice/a.service/b.slice",
		"user.slice/user-1000.slice/user@1000.service/app.slice", "other.slice")
	config := written(t, map[string]string{
		"slices/batch.slice.toml": "pressure.full = \"20%\"\n", "slices/later.slice.toml": "pressure.full = \"20%\"\n",
		"slices/idle.slice.toml": "priority = 50\n",
	})
	there := "-.slice\nbatch.slice\nbatch-a.slice\nother.slice\nsystem.slice\nsystem-sys\\x2dfsck.slice\nuser.slice\nuser-1000.slice"
	for _, tt := range []struct {
		name, config, mount string
		want                string
		fails               bool
	}{
		{"both", config, at.mount, strings.Replace(there, "batch.slice\n", "batch.slice\twatched\n", 1) + "\nlater.slice\twatched, not there now", false},
		{"no cgroups", config, at.mount + "/missing", "-.slice\nbatch.slice\twatched, not there now\nlater.slice\twatched, not there now", false},
		{"a wrong configuration", written(t, map[string]string{"reprieve.toml": "x = 1\n"}), at.mount, there, true},
		{"neither", written(t, map[string]string{"reprieve.toml": "x = 1\n"}), at.mount + "/missing", "-.slice", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := completableSlices(configs.Options{Dirs: []string{tt.config}, Names: plugins.Names()}, tt.mount)
			want := strings.Split(tt.want, "\n")
			if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); diff != "" || (err != nil) != tt.fails {
				t.Errorf("slices: error %v, -want +got\n%s", err, diff)
			}
		})
	}
}

// Ensure the newest episodes are offered first, not all of many, and none where nothing was ever written.
func TestRecentEpisodes(t *testing.T) {
	dir := t.TempDir()
	began := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	store := episodes.Store{Dir: dir}
	var want []string
	for i := range completableEpisodes + 3 {
		r := &episodes.Record{Summary: episodes.Summary{
			Version: episodes.Version, Episode: "00000000-0000-4000-8000-" + strings.Repeat("0", 9) + string([]byte{'0' + byte(i/100), '0' + byte(i/10%10), '0' + byte(i%10)}),
			Slice: "batch.slice", Began: began.Add(time.Duration(i) * time.Second), Outcome: episodes.Relieved,
		}}
		if err := store.Write(r); err != nil {
			t.Fatal(err)
		}
		want = append([]string{r.Episode + "\tbatch.slice " + r.Began.Format("2006-01-02 15:04:05")}, want...)
	}
	got, err := recentEpisodes(dir)
	if diff := cmp.Diff(want[:completableEpisodes], got); diff != "" || err != nil {
		t.Errorf("episodes: error %v, -want +got\n%s", err, diff)
	}
	if got, err := recentEpisodes(filepath.Join(dir, "missing")); got != nil || err != nil {
		t.Errorf("episodes of a missing directory = %q, %v, want none", got, err)
	}
}
