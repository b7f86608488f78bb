package main

import (
	"context"
	"sync"
	"time"

	"reprieve/internal/control"
)

// snapshotAge is how old what is told of the daemon may be, where nothing happens. Anybody may read it; the
// daemon's loop, which has real-time priority, is asked once in this time, and after each event, at most.
const snapshotAge = time.Second

// snapshot is the daemon's status, kept for snapshotAge.
type snapshot struct {
	ask func(context.Context) (control.Status, error) // bounded by control.Bound

	mu     sync.Mutex // held while the daemon is asked: all who wait get one answer
	at     time.Time
	status control.Status
	err    error
}

// get returns the status, the empty one with an error.
func (s *snapshot) get(ctx context.Context) (control.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() || time.Since(s.at) > snapshotAge {
		s.status, s.err = s.ask(ctx)
		s.at = time.Now()
	}
	return s.status, s.err
}

// forget has the daemon asked at the next get: something was changed.
func (s *snapshot) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Time{}
}
