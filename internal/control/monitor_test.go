package control

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"reprieve/internal/varlink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Ensure a client gets each event whole and in order, and then why there are no more.
func TestClient_Monitor(t *testing.T) {
	sent := []Event{
		{Kind: Listening, AtUnixUsec: 5},
		{Kind: "hold", Slice: "batch.slice", Episode: "7c0a", Unit: "app-a@b.service", UID: 1000, Message: "held", AtUnixUsec: 6, DeadlineUnixUsec: 7, Observe: true},
		{Kind: "settled", Slice: "batch.slice", FreedBytes: 1 << 40},
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	server := varlink.Serve(l, varlink.Service{Interfaces: []varlink.Interface{{
		Name: Interface, Streams: map[string]varlink.Stream{"Monitor": func(_ context.Context, _ json.RawMessage, send func(any) error) error {
			for _, e := range sent {
				if err := send(e); err != nil {
					return err
				}
			}
			return errors.New("too slow")
		}},
	}}})
	defer server.Close()
	var got []Event
	err = Client{Socket: path}.Monitor(t.Context(), func(e Event) error { got = append(got, e); return nil })
	if e := (*varlink.Error)(nil); !errors.As(err, &e) || e.Name != ErrorFailed || e.Parameters["message"] != "too slow" {
		t.Errorf("Monitor() = %v, want %s with what the daemon says", err, ErrorFailed)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("events: -sent +got\n%s", diff)
	}
	enough := errors.New("enough")
	if err := (Client{Socket: path}).Monitor(t.Context(), func(Event) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("Monitor() = %v, want %v", err, enough)
	}
}
