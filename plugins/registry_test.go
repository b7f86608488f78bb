package plugins

import (
	"testing"

	"reprieve/configs"
)

// Ensure every name that configuration may have gives its picker.
func TestPicker(t *testing.T) {
	for _, name := range Names().Picks {
		if got := Picker(name).Name(); got != name {
			t.Errorf("Picker(%q).Name() = %q", name, got)
		}
	}
	if len(Names().Picks) < 2 || len(Names().Holds) < 2 {
		t.Errorf("Names() = %v, want at least two of each", Names())
	}
	defer func() {
		if recover() == nil {
			t.Error("Picker of an unknown name does not panic")
		}
	}()
	Picker("nobody")
}

// Ensure each limit of a policy, and nothing else, has a detector.
func TestDetectors(t *testing.T) {
	for _, tt := range []struct {
		p    configs.Pressure
		want int
	}{
		{configs.Pressure{}, 0},
		{configs.Pressure{Full: 1}, 1},
		{configs.Pressure{Full: 1, Some: 1, Events: []string{"max", "oom"}}, 4},
	} {
		if got := len(Detectors(tt.p)); got != tt.want {
			t.Errorf("Detectors(%+v): %d, want %d", tt.p, got, tt.want)
		}
	}
}
