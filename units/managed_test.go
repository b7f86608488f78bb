package units_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// settled is a systemd that has units with ManagedOOM settings, by name and property, and lists them. Properties that no unit
// has are unknown to it; those that a unit lacks are at their defaults.
type settled struct {
	states map[string]string
	units  map[string]map[string]any
	older  bool // Than 257.

	mu    sync.Mutex
	calls []string
}

func (s *settled) handle(method string, args []any) ([]any, error) {
	s.mu.Lock()
	s.calls = append(s.calls, fmt.Sprint(method, args))
	s.mu.Unlock()
	switch method {
	case "ListUnitsByPatterns":
		return unitstest.Listed(s.states), nil
	case "Subscribe":
		return nil, nil
	}
	unit, iface, property := args[0].(string), args[1].(string), args[2].(string)
	kind := map[string]string{"slice": "Slice", "service": "Service", "scope": "Scope"}[unit[strings.LastIndexByte(unit, '.')+1:]]
	if method != "Get" || iface != "org.freedesktop.systemd1."+kind {
		return nil, fmt.Errorf("unexpected %s %v", method, args)
	}
	if strings.HasPrefix(unit, "gone") {
		return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownObject", Message: "Unknown object."}
	}
	if value, ok := s.units[unit][property]; ok {
		return unitstest.Property(value), nil
	}
	switch {
	case property == "ManagedOOMMemoryPressureLimit":
		return unitstest.Property(uint32(0)), nil
	case property == "ManagedOOMMemoryPressureDurationUSec" && s.older:
		return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownProperty", Message: "Unknown property or interface."}
	case property == "ManagedOOMMemoryPressureDurationUSec":
		return unitstest.Property(uint64(math.MaxUint64)), nil
	}
	return unitstest.Property("auto"), nil
}

// asked is how often calls that begin so were made.
func (s *settled) asked(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.calls), func(one string) bool { return !strings.HasPrefix(one, call) }))
}

// Ensure units with a setting of kill are found with what they say, the others are not, and neither one that is gone meanwhile nor an older systemd
// spoils it.
func TestManager_ManagedOOM(t *testing.T) {
	all := map[string]map[string]any{
		"a.slice":       {"ManagedOOMMemoryPressure": "kill", "ManagedOOMMemoryPressureLimit": uint32(math.MaxUint32 / 5)},
		"b.slice":       {"ManagedOOMSwap": "kill"},
		"c.slice":       {"ManagedOOMMemoryPressure": "kill", "ManagedOOMSwap": "kill", "ManagedOOMMemoryPressureDurationUSec": uint64(20_000_000)},
		"d.slice":       {"ManagedOOMMemoryPressureLimit": uint32(7)},
		`e\x2d.service`: {"ManagedOOMMemoryPressure": "kill"},
		"f.scope":       {"ManagedOOMSwap": "kill"},
	}
	slicesFound := []units.ManagedOOM{
		{Unit: "a.slice", Pressure: true, Limit: math.MaxUint32 / 5}, {Unit: "b.slice", Swap: true},
		{Unit: "c.slice", Pressure: true, Swap: true, Duration: 20 * time.Second},
	}
	older := slices.Clone(slicesFound)
	older[2].Duration = 0
	for _, tt := range []struct {
		name  string
		older bool
		kinds string
		want  []units.ManagedOOM
	}{
		{"slices", false, "slice", slicesFound},
		{"all", false, "slice service scope", append(slices.Clip(slicesFound),
			units.ManagedOOM{Unit: `e\x2d.service`, Pressure: true}, units.ManagedOOM{Unit: "f.scope", Swap: true})},
		{"older", true, "slice", older},
	} {
		t.Run(tt.name, func(t *testing.T) {
			states := map[string]string{"systemd-oomd.service": "inactive", "gone.slice": "inactive"}
			s := &settled{units: map[string]map[string]any{}, older: tt.older, states: states}
			for name, has := range all {
				s.states[name], s.units[name] = "active", map[string]any{}
				for property, value := range has {
					if !tt.older || property != "ManagedOOMMemoryPressureDurationUSec" {
						s.units[name][property] = value
					}
				}
			}
			private, bus := paths(t)
			unitstest.Serve(t, private, s.handle)
			h := run(t, private, bus, units.Options{})
			got, err := h.ManagedOOM(t.Context(), strings.Fields(tt.kinds)...)
			if diff := cmp.Diff(units.Managed{Units: tt.want}, got); err != nil || diff != "" {
				t.Errorf("ManagedOOM(%s) error %v (-want +got):\n%s", tt.kinds, err, diff)
			}
			if n := s.asked("Get[d.slice"); n != 2 {
				t.Errorf("d.slice was asked %d questions, want 2: it has no setting of kill", n)
			}
			if n := s.asked("GetAll") + s.asked("Get[systemd-oomd"); n != 0 {
				t.Errorf("%d questions by a name that may have to be loaded, want none", n)
			}
		})
	}
}

// Ensure it is known whether systemd-oomd runs, and that a list longer than one round is asked whole.
func TestManager_ManagedOOM_Many(t *testing.T) {
	for state, want := range map[string]bool{"active": true, "activating": true, "deactivating": true, "failed": false} {
		s := &settled{units: map[string]map[string]any{}, states: map[string]string{"systemd-oomd.service": state}}
		const many = 100
		for i := range many {
			name := fmt.Sprintf("x%03d.slice", i)
			s.states[name], s.units[name] = "active", map[string]any{"ManagedOOMSwap": "kill"}
		}
		private, bus := paths(t)
		unitstest.Serve(t, private, s.handle)
		h := run(t, private, bus, units.Options{})
		got, err := h.ManagedOOM(t.Context(), "slice")
		if err != nil || got.OOMD != want || len(got.Units) != many || got.Units[many-1].Unit != "x099.slice" {
			t.Errorf("ManagedOOM() with systemd-oomd %s = %d units, %v, %v; want %d, %v", state, len(got.Units), got.OOMD, err, many, want)
		}
	}
}

// Ensure no answer is an error, within the caller's bound, and no part of an answer is taken for the whole.
func TestManager_ManagedOOM_Silent(t *testing.T) {
	for _, silent := range []string{"ListUnitsByPatterns", "Get"} {
		s := &settled{states: map[string]string{"a.slice": "active"}}
		private, bus := paths(t)
		unitstest.Serve(t, private, func(method string, args []any) ([]any, error) {
			if method == silent {
				return nil, unitstest.ErrNoReply
			}
			return s.handle(method, args)
		})
		h := run(t, private, bus, units.Options{})
		got, err := h.ManagedOOM(within(t, 300*time.Millisecond), "slice")
		var job *units.JobError
		if !errors.Is(err, units.ErrNoAnswer) || !errors.As(err, &job) || got.Units != nil {
			t.Errorf("ManagedOOM() without an answer to %s = %+v, %v, want ErrNoAnswer", silent, got, err)
		}
	}
}
