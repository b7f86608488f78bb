package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"reprieve/internal/control"
	"reprieve/internal/varlink"
)

// errTooSlow ends the stream of who does not take what it asked for.
var errTooSlow = errors.New("too slow: events came faster than they were taken, and some are lost; ask again, and for the status")

// monitor streams what happens to who asks. Nothing waits for it: the feed lets
// go of who is behind.
func (c *controlServer) monitor(ctx context.Context, in json.RawMessage, send func(any) error) error {
	if err := varlink.Decode(in, &struct{}{}); err != nil {
		return err
	}
	events, cancel := c.do.listen()
	defer cancel()
	if err := send(control.Event{Kind: control.Listening, AtUnixUsec: time.Now().UnixMicro()}); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-events:
			if !ok {
				return errTooSlow
			}
			if err := send(e); err != nil {
				return err
			}
		}
	}
}
