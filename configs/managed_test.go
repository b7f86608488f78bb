package configs

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inForce returns the settings of a policy that are not default, as "KEY = VALUE (ORIGIN)".
func inForce(p Policy) []string {
	var all []string
	for _, s := range p.Settings() {
		if s.Origin.File != "" {
			all = append(all, s.Key+" = "+s.Value+" ("+s.Origin.String()+")")
		}
	}
	return all
}

// Ensure a slice is watched by what its unit says, with that as the origin of each value, and by files before it.
func TestSet_WithManaged(t *testing.T) {
	const share20 = math.MaxUint32 / 5 // 20%, as systemd has it.
	for _, test := range []struct {
		name    string
		files   map[string]string
		managed Managed
		want    []string
		ignored string
	}{
		{
			name: "all defaults", managed: Managed{Slice: "a.slice", Pressure: true},
			want: []string{
				`pressure.full = 60% (ManagedOOMMemoryPressure=kill of a.slice)`, `pressure.window = 10s (ManagedOOMMemoryPressure=kill of a.slice)`,
				`hold.delay = 30s (ManagedOOMMemoryPressure=kill of a.slice)`, `stop.pick = reclaim, largest (ManagedOOMMemoryPressure=kill of a.slice)`,
				`stop.from = units (ManagedOOMMemoryPressure=kill of a.slice)`,
			},
		},
		{
			name: "all set", managed: Managed{Slice: "a.slice", Pressure: true, Limit: share20, Duration: 1500 * time.Millisecond, Swap: true},
			want: []string{
				`pressure.full = 20% (ManagedOOMMemoryPressureLimit= of a.slice)`, `pressure.window = 10s (ManagedOOMMemoryPressure=kill of a.slice)`,
				`pressure.left = 3s (ManagedOOMSwap=kill of a.slice)`, `hold.delay = 1.5s (ManagedOOMMemoryPressureDurationSec= of a.slice)`,
				`stop.pick = reclaim, largest (ManagedOOMMemoryPressure=kill of a.slice)`, `stop.from = units (ManagedOOMMemoryPressure=kill of a.slice)`,
			},
		},
		{
			name: "swap alone", managed: Managed{Slice: "a.slice", Swap: true, Limit: share20, Duration: time.Minute},
			want: []string{
				`pressure.left = 3s (ManagedOOMSwap=kill of a.slice)`, `stop.pick = swap, largest (ManagedOOMSwap=kill of a.slice)`,
				`stop.from = units (ManagedOOMSwap=kill of a.slice)`,
			},
		},
		{
			name: "out of bounds", managed: Managed{Slice: "a.slice", Pressure: true, Limit: 1, Duration: time.Hour},
			want: []string{
				`pressure.full = 0.1% (ManagedOOMMemoryPressureLimit= of a.slice, raised from 0%, below which nothing is measured)`,
				`pressure.window = 10s (ManagedOOMMemoryPressure=kill of a.slice)`,
				`hold.delay = 10m (ManagedOOMMemoryPressureDurationSec= of a.slice, lowered from 1h to the longest wait)`,
				`stop.pick = reclaim, largest (ManagedOOMMemoryPressure=kill of a.slice)`, `stop.from = units (ManagedOOMMemoryPressure=kill of a.slice)`,
			},
		},
		{
			name: "files with other keys", managed: Managed{Slice: "a-b.slice", Pressure: true, Limit: share20, Duration: time.Second},
			files: map[string]string{
				"slices/a-b.slice.toml": "priority = 7\n[hold]\ncalm = \"3s\"\n", "slices/a-.slice.d/1.toml": "[stop]\npick = \"priority\"\n",
				"slices/slice.d/2.toml": "[stop]\nfrom = \"slices\"\n",
			},
			want: []string{
				`priority = 7 (slices/a-b.slice.toml:1)`,
				`pressure.full = 20% (ManagedOOMMemoryPressureLimit= of a-b.slice)`, `pressure.window = 10s (ManagedOOMMemoryPressure=kill of a-b.slice)`,
				`hold.delay = 3s (ManagedOOMMemoryPressureDurationSec= of a-b.slice, raised from 1s to hold.calm of slices/a-b.slice.toml:3)`,
				`hold.calm = 3s (slices/a-b.slice.toml:3)`, `stop.pick = priority (slices/a-.slice.d/1.toml:2)`, `stop.from = slices (slices/slice.d/2.toml:2)`,
			},
		},
		{
			name: "a ladder", managed: Managed{Slice: "a.slice", Pressure: true, Duration: time.Second},
			files: map[string]string{"slices/a.slice.toml": "[[hold.step]]\nby = \"throttle\"\ndelay = \"5s\"\n"},
			want: []string{
				`pressure.full = 60% (ManagedOOMMemoryPressure=kill of a.slice)`, `pressure.window = 10s (ManagedOOMMemoryPressure=kill of a.slice)`,
				`hold.step = throttle 5s (slices/a.slice.toml:1)`,
				`stop.pick = reclaim, largest (ManagedOOMMemoryPressure=kill of a.slice)`, `stop.from = units (ManagedOOMMemoryPressure=kill of a.slice)`,
			},
		},
		{
			name: "a file that watches", managed: Managed{Slice: "a.slice", Pressure: true},
			files:   map[string]string{"slices/a.slice.toml": "[pressure]\nfull = \"5%\"\n"},
			want:    []string{`pressure.full = 5% (slices/a.slice.toml:2)`},
			ignored: "is watched by [pressure] in slices/a.slice.toml:1, which goes before its unit",
		},
		{
			name: "a mask", managed: Managed{Slice: "a.slice", Pressure: true}, files: map[string]string{"slices/a.slice.toml": ""},
			ignored: "is masked by slices/a.slice.toml",
		},
		{
			name: "a contradiction", managed: Managed{Slice: "-.slice", Pressure: true},
			files: map[string]string{"slices/slice.d/1.toml": "[hold]\non = \"slice\"\n"},
			want:  []string{`hold.on = slice (slices/slice.d/1.toml:2)`},
			ignored: `is not watched, since its files do not go with it: hold.on: read "slice", allowed: for -.slice only "growers", ` +
				`since the root cgroup has neither memory.high nor cgroup.freeze; say so in slices/-.slice.toml`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, root := load(t, under("etc/", test.files))
			before := set.Policy(test.managed.Slice)
			with := set.WithManaged([]Managed{test.managed})
			p := with.Policy(test.managed.Slice)
			got := strings.ReplaceAll(strings.Join(inForce(p), "\n"), filepath.Join(root, "etc")+"/", "")
			if diff := cmp.Diff(strings.Join(test.want, "\n"), got); diff != "" {
				t.Errorf("settings of %s: -want +got\n%s", test.managed.Slice, diff)
			}
			became := with.Managed()
			if len(became) != 1 || strings.ReplaceAll(became[0].Ignored, filepath.Join(root, "etc")+"/", "") != test.ignored {
				t.Errorf("Managed() = %+v, want one, ignored %q", became, test.ignored)
			}
			if test.ignored == "" && (!p.Watched || !with.Watched(test.managed.Slice) || len(contradictions(p)) > 0) {
				t.Errorf("%s is watched: %v, with contradictions: %v; want it watched, without", test.managed.Slice, p.Watched, contradictions(p))
			}
			if diff := cmp.Diff(before, set.Policy(test.managed.Slice)); diff != "" || len(set.Managed()) > 0 {
				t.Errorf("the set it was made from changed: -before +after\n%s", diff)
			}
		})
	}
}

// under returns files in a directory. An empty file there is what it says.
func under(dir string, files map[string]string) map[string]string {
	all := map[string]string{}
	for name, text := range files {
		all[dir+name] = text
	}
	return all
}

// Ensure a managed slice is among the named ones while its unit says so, beside others that are left as they are.
func TestSet_WithManaged_Named(t *testing.T) {
	set, _ := load(t, map[string]string{"etc/slices/b.slice.toml": "priority = 3\n"})
	with := set.WithManaged([]Managed{
		{Slice: "c.slice", Pressure: true}, {Slice: "b.slice", Swap: true}, {Slice: "a.slice"}, {Slice: "x.service", Swap: true},
	})
	if diff := cmp.Diff([]string{"b.slice", "c.slice"}, with.Named()); diff != "" {
		t.Errorf("Named(): -want +got\n%s", diff)
	}
	if with.Watched("a.slice") || with.Watched("c-d.slice") || !with.Watched("b.slice") || with.Priority("b.slice") != 3 {
		t.Errorf("watched a.slice %v, c-d.slice %v, b.slice %v at priority %d; want false, false, true, 3",
			with.Watched("a.slice"), with.Watched("c-d.slice"), with.Watched("b.slice"), with.Priority("b.slice"))
	}
	if diff := cmp.Diff([]string{"b.slice"}, set.WithManaged(nil).Named()); diff != "" {
		t.Errorf("Named() without managed ones: -want +got\n%s", diff)
	}
}

// Ensure managed_oom is off until a file says so.
func TestLoad_ManagedOOM(t *testing.T) {
	set, _ := load(t, nil)
	if set.Daemon().Compat.ManagedOOM {
		t.Error("managed_oom is true by default, want false")
	}
	if set, _ = load(t, map[string]string{"etc/reprieve.toml": "[compat]\nmanaged_oom = true\n"}); !set.Daemon().Compat.ManagedOOM {
		t.Error("managed_oom = true is not taken")
	}
}
