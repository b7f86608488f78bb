// Package metrics renders what the daemon tells, and what the files of its slices show, in the text format of Prometheus,
// version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). It is shared by `reprievectl metrics` and
// reprieve-exporter; docs/metrics.md explains each metric.
//
// Rendering is pure: [Write] takes values. [Gather] asks and reads.
package metrics

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/varlink"
)

// ContentType is what an HTTP answer with the text says of it.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Input is all that is rendered.
type Input struct {
	Up       bool                     // the daemon answered
	Status   control.Status           // what it answered
	Readings map[string]gauge.Reading // of its slices, by unit; without those that are gone
	Now      time.Time
}

// Source is where the daemon and the groups are.
type Source struct {
	Client control.Client
	Host   gauge.Host
}

// Gather asks the daemon and reads the files of its slices. A daemon that does not run, or does not answer, is not up and
// no error; only that this process may not ask is one.
func (s Source) Gather(ctx context.Context) (Input, error) {
	in := Input{Readings: map[string]gauge.Reading{}, Now: time.Now()}
	status, err := s.Client.Status(ctx)
	e := (*varlink.Error)(nil)
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return in, err
	case errors.As(err, &e) && e.Name == "org.varlink.service.PermissionDenied":
		return in, err
	case err != nil:
		return in, nil
	}
	in.Up, in.Status = true, status
	for _, one := range status.Slices {
		// The root's own totals, and not its worst slice's: a counter must not jump from one to another.
		if r, err := s.Host.Read(one.Path); err == nil {
			in.Readings[one.Unit] = r
		}
	}
	return in, nil
}

// Write renders the input. Where the daemon is not up there is reprieve_up alone.
func Write(w io.Writer, in Input) error {
	var b bytes.Buffer
	p := page{&b}
	p.daemon(in)
	if in.Up {
		p.slices(in)
		p.counters(in.Status.Slices)
		p.histograms(in.Status.Slices)
	}
	_, err := w.Write(b.Bytes())
	return err
}
