package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"reprieve/internal/metrics"
)

const (
	// requestMost bounds each step of a request, so that who says nothing keeps no connection.
	requestMost = 10 * time.Second
	// gatherMost bounds the question to the daemon; Prometheus gives up after 10 s as it is shipped.
	gatherMost = 6 * time.Second
)

// serve answers at the listener until the context is over or nobody has asked for idle. It closes the listener; that of
// systemd stays open, and who connects meanwhile has the service started again.
func serve(ctx context.Context, l net.Listener, from metrics.Source, idle time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rest := time.AfterFunc(idle, cancel)
	defer rest.Stop()
	server := &http.Server{
		Handler:           busy(handler(from), rest, idle),
		ReadHeaderTimeout: requestMost, ReadTimeout: requestMost, WriteTimeout: requestMost, IdleTimeout: idle, MaxHeaderBytes: 16 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, done := context.WithTimeout(context.Background(), requestMost)
	defer done()
	err := server.Shutdown(last)
	if serving := <-ended; err == nil && !errors.Is(serving, http.ErrServerClosed) {
		err = serving
	}
	return err
}

// busy keeps the time of rest from passing while somebody is served, and begins it anew after that.
func busy(next http.Handler, rest *time.Timer, idle time.Duration) http.Handler {
	var lock sync.Mutex
	served := 0
	change := func(by int) {
		lock.Lock()
		defer lock.Unlock()
		if served += by; served == 0 {
			rest.Reset(idle)
		} else {
			rest.Stop()
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		change(1)
		defer change(-1)
		next.ServeHTTP(w, r)
	})
}

// handler answers GET and HEAD of /metrics, and nothing else.
func handler(from metrics.Source) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), gatherMost)
		defer cancel()
		in, err := from.Gather(ctx)
		var page bytes.Buffer
		if err == nil {
			err = metrics.Write(&page, in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", metrics.ContentType)
		_, _ = w.Write(page.Bytes()) // who went away needs no answer
	})
	return mux
}
