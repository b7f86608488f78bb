package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reprieve/controller"
	"reprieve/internal/worker"
)

// Traces are files EPISODE.json.gz, the newest of them.
const (
	traceSuffix = ".json.gz"
	traceFiles  = 16
)

// retrace has a slice recorded, or not, as the configuration says.
func (d *daemon) retrace(s *slice) {
	switch {
	case d.conf.Trace == "":
		s.recorder, s.m.Tap = nil, nil
	case s.recorder == nil:
		s.recorder = newRecorder(s.m)
	}
}

// record takes what a slice's machine decided into its trace, which is written
// when the episode is over.
func (d *daemon) record(s *slice, all []controller.Decision) {
	if s.recorder == nil {
		return
	}
	over := s.recorder.decided(all)
	for _, other := range d.slices {
		if other != s && other.m.Phase() != controller.PhaseCalm {
			s.recorder.beside(other.unit)
		}
	}
	if over {
		d.keepTrace(s)
	}
}

// keepTrace has a worker write the trace of the episode that runs or ended
// just now. What is in it is not changed any more, only added to.
func (d *daemon) keepTrace(s *slice) {
	if s.recorder == nil || s.recorder.trace == nil {
		return
	}
	dir, t, name := d.conf.Trace, *s.recorder.trace, s.m.Episode().String()
	d.owed++
	if !d.scribe.Do(func() worker.Answer {
		err := writeTrace(dir, name, &t)
		return func() {
			d.owed--
			if err != nil {
				d.tell.plain(prioWarning, "%s: no trace of episode %s is kept: %v", s.unit, name, err)
			}
		}
	}) {
		d.owed--
		d.tell.plain(prioWarning, "%s: no trace of episode %s is kept: %v", s.unit, name, errBusy)
	}
}

// writeTrace writes a trace into a directory, which it makes, and removes the
// oldest there.
func writeTrace(dir, name string, t *controller.Trace) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, name+traceSuffix)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	if err = json.NewEncoder(z).Encode(t); err == nil {
		err = z.Close()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		_ = os.Remove(path + ".new")
		return fmt.Errorf("write %s: %w", path, err)
	}
	return dropOldTraces(dir)
}

// dropOldTraces leaves the newest traces in a directory, and what else is in it.
func dropOldTraces(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var all []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), traceSuffix) && info.Mode().IsRegular() {
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, old := range all[min(len(all), traceFiles):] {
		if err := os.Remove(filepath.Join(dir, old.Name())); err != nil {
			return err
		}
	}
	return nil
}
