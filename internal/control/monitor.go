package control

import (
	"context"
	"encoding/json"
	"fmt"

	"reprieve/internal/varlink"
)

// Listening is the Kind of the first event that Monitor gives, which has nothing
// else but AtUnixUsec: what happens from then on is told. Whoever asks for the
// Status after it misses nothing in between.
const Listening = "listening"

// Monitor gives what happens to each, until ctx is over, the daemon goes, or each returns an error, which is returned. The
// daemon does not wait: who is more than some dozens of events behind is let go, with ErrorFailed.
func (c Client) Monitor(ctx context.Context, each func(Event) error) error {
	return varlink.Follow(ctx, c.Socket, MethodMonitor, nil, func(out json.RawMessage) error {
		var e Event
		if err := json.Unmarshal(out, &e); err != nil {
			return fmt.Errorf("%s: an event that cannot be read: %w", MethodMonitor, err)
		}
		return each(e)
	})
}
