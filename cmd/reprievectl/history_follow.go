package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"reprieve/episodes"
)

// settledAfter is how old the last change of a folder must be for its time to tell the next one: file systems count time in
// ticks, and two changes in one tick look the same.
const settledAfter = time.Second

// follower knows which records were there, and how they looked.
type follower struct {
	store   episodes.Store
	filter  episodes.Filter
	seen    map[string]fs.FileInfo
	changed time.Time // the folder's, when it was listed
	settled bool      // that time tells the next change
}

// followFrom writes the newest records, 0 for all, and then new and changed ones as they come, until the context ends. The
// folder's time is looked at, which each rename into it changes: that also works before there is a folder, and on every file
// system.
func (h *history) followFrom(ctx context.Context, newest int) {
	f := follower{store: h.store, filter: h.filter}
	all, err := f.look(h.now())
	if newest > 0 && len(all) > newest {
		all = all[len(all)-newest:]
	}
	tick := time.NewTicker(h.look)
	defer tick.Stop()
	for failing := false; ; all, err = f.look(h.now()) {
		switch {
		case err == nil:
			h.tell(all)
		case !failing: // once, not each second
			h.fail(err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tell writes some records.
func (h *history) tell(all []episodes.Entry) {
	var good []episodes.Summary
	for _, r := range h.store.Summaries(all) {
		if s, ok := h.judge(r); ok {
			good = append(good, s)
		}
	}
	if len(good) == 0 {
		return
	}
	if !h.asJSON {
		h.written(h.table.write(h.stdout, good))
		return
	}
	e := json.NewEncoder(h.stdout)
	e.SetEscapeHTML(false)
	for i := range good {
		h.written(e.Encode(&good[i]))
	}
}

// look returns the records that are new or changed since it was called last, the oldest first. A folder that is not there
// has none.
func (f *follower) look(now time.Time) ([]episodes.Entry, error) {
	dir, err := os.Stat(f.store.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		f.seen, f.settled = nil, false
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if f.settled && dir.ModTime().Equal(f.changed) {
		return nil, nil
	}
	f.changed, f.settled = dir.ModTime(), now.Sub(dir.ModTime()) > settledAfter
	all, err := f.store.List(f.filter)
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	seen := make(map[string]fs.FileInfo, len(all))
	fresh := all[:0]
	for _, e := range all {
		info, err := os.Lstat(f.store.Path(e))
		if err != nil {
			continue // gone meanwhile
		}
		seen[e.Name] = info
		if old := f.seen[e.Name]; old == nil || !os.SameFile(old, info) || !old.ModTime().Equal(info.ModTime()) {
			fresh = append(fresh, e)
		}
	}
	f.seen = seen
	return fresh, nil
}
