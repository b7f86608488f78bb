package watch

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ensure a line of journalctl --output=json is read with every form that a value can have there.
func TestMessageUnmarshalJSON(t *testing.T) {
	const line = `{"MESSAGE":"held","MESSAGE_ID":"` + Hold + `","REPRIEVE_CANDIDATES":[97,10,98],"UNIT":["a.slice","b.slice"],"__MONOTONIC_TIMESTAMP":"2500000"}`
	var got Message
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatal(err)
	}
	want := Message{"MESSAGE": "held", "MESSAGE_ID": Hold, "REPRIEVE_CANDIDATES": "a\nb", "UNIT": "a.slice", "__MONOTONIC_TIMESTAMP": "2500000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Unmarshal(%q): -want +got:\n%s", line, diff)
	}
	if got, want := got.At(), 2500*time.Millisecond; got != want {
		t.Errorf("At() = %s, want %s", got, want)
	}
	if got, want := got.Kind(), "hold"; got != want {
		t.Errorf("Kind() = %q, want %q", got, want)
	}
}

// Ensure each MESSAGE_ID has a name of its own, and one that is not the daemon's stays what it is.
func TestKind(t *testing.T) {
	const foreign = "ffffffffffffffffffffffffffffffff"
	ids := []string{Started, Breach, Hold, Relief, Stop, Stopped, Settled, Kernel, Revived, StaysDown, Acquitted, Failed, Kept, Released, Watched, Step, Hooks, Guarded}
	seen := map[string]string{}
	for _, id := range ids {
		name := Kind(id)
		if other, ok := seen[name]; ok || name == id || len(id) != 32 {
			t.Errorf("Kind(%q) = %q, want a name that %q does not have", id, name, other)
		}
		seen[name] = id
	}
	for id, want := range map[string]string{Kernel: "kernel", Revived: "revived", StaysDown: "stays down", foreign: foreign, "": ""} {
		if got := Kind(id); got != want {
			t.Errorf("Kind(%q) = %q, want %q", id, got, want)
		}
	}
}

// Ensure a message has fields only when all of them have the value asked for.
func TestMessageHas(t *testing.T) {
	m := Message{"UNIT": "a.slice", "REPRIEVE_OBSERVE": "1"}
	for _, tt := range []struct {
		fields []string
		want   bool
	}{
		{nil, true},
		{[]string{"UNIT", "a.slice"}, true},
		{[]string{"UNIT", "a.slice", "REPRIEVE_OBSERVE", "1"}, true},
		{[]string{"UNIT", "b.slice"}, false},
		{[]string{"UNIT", "a.slice", "REPRIEVE_SLICE", "x.slice"}, false},
	} {
		if got := m.Has(tt.fields...); got != tt.want {
			t.Errorf("Has(%q) = %t, want %t", tt.fields, got, tt.want)
		}
	}
}
