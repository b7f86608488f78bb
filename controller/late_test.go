package controller

import "testing"

// Ensure what a leaf had when the episode began counts for one that is added
// later, and is forgotten with the episode.
func TestMachine_LateLeaf(t *testing.T) {
	for _, tt := range []struct {
		name  string
		had   uint64
		young bool
		want  uint64
	}{
		{"known", 10, false, 90},
		{"not known", 0, false, 0},
		{"made since", 10, true, 100},
	} {
		m := NewMachine(&Host{}, "w.slice", Rules{}, nil, func() ID { return ID{} })
		l := NewLeaf("w-a.slice", "/w.slice/w-a.slice", 1)
		l.HadBytes = tt.had
		m.AddLeaf(l, tt.young)
		l.Reading = LeafReading{UsageBytes: 100, UsageOK: true}
		l.take(0, false, false)
		if got := l.gain(); got != tt.want {
			t.Errorf("%s: gain = %d, want %d", tt.name, got, tt.want)
		}
		l.begin(0)
		l.take(0, false, false)
		if got := l.gain(); got != 0 {
			t.Errorf("%s: gain = %d in the next episode, want 0", tt.name, got)
		}
	}
}
