package probe

import (
	"math"
	"testing"

	"golang.org/x/sys/unix"
)

// running is the service as shipped.
func running() Service {
	return Service{Seen: true, LoadState: "loaded", ActiveState: "active", FileState: "enabled", MemlockBytes: math.MaxUint64, HasLimits: true}
}

// Ensure the service is told by what systemd says of it, down to whether it may lock its memory.
func TestInstalled(t *testing.T) {
	p := host(t, map[string]string{"sys/fs/cgroup/reprieve.slice/memory.min": "33554432\n", "sys/fs/cgroup/reprieve.slice/reprieved.service/memory.min": "33554432\n"})
	for _, tt := range []struct {
		name   string
		change func(*Service)
		want   string
	}{
		{"as shipped", func(*Service) {}, "good service, good memory lock, good reprieve.slice"},
		{"not seen", func(s *Service) { s.Seen = false }, "note service"},
		{"not installed", func(s *Service) { s.LoadState = "not-found" }, "note service *"},
		{"masked", func(s *Service) { s.LoadState = "masked" }, "bad service *"},
		{"bad setting", func(s *Service) { s.LoadState = "bad-setting" }, "bad service *"},
		{"failed", func(s *Service) { s.ActiveState = "failed" }, "bad service *, good memory lock"},
		{"again and again", func(s *Service) { s.ActiveState = "activating" }, "note service *, good memory lock"},
		{"stopped", func(s *Service) { s.ActiveState = "inactive" }, "note service *, good memory lock"},
		{"disabled", func(s *Service) { s.FileState = "disabled" }, "good service, note service *, good memory lock, good reprieve.slice"},
		{"stale", func(s *Service) { s.NeedReload = true }, "good service, note service *, good memory lock, good reprieve.slice"},
		{"by capability", func(s *Service) { s.MemlockBytes, s.Capabilities = 65536, 1<<unix.CAP_IPC_LOCK }, "good service, good memory lock, good reprieve.slice"},
		{"may not lock", func(s *Service) { s.MemlockBytes = 8 << 20 }, "good service, bad memory lock *, good reprieve.slice"},
		{"limits not told", func(s *Service) { s.HasLimits = false }, "good service, note memory lock, good reprieve.slice"},
	} {
		s := running()
		tt.change(&s)
		if got := Installed(p, s); short(got) != tt.want {
			t.Errorf("%s: Installed() = %s, want %s", tt.name, short(got), tt.want)
		}
	}
}

// Ensure the daemon's memory counts as protected only where the slice grants what the service asks for.
func TestProtected(t *testing.T) {
	const slice = "sys/fs/cgroup/reprieve.slice/"
	compare(t, []looked{
		{"max", map[string]string{slice + "memory.min": "max\n", slice + "reprieved.service/memory.min": "33554432\n"}, "good reprieve.slice", []string{"32M"}},
		{"the slice has less", map[string]string{slice + "memory.min": "0\n", slice + "reprieved.service/memory.min": "33554432\n"}, "note reprieve.slice *",
			[]string{"0 in the slice and 33554432"}},
		{"none", map[string]string{slice + "memory.min": "33554432\n", slice + "reprieved.service/memory.min": "0\n"}, "note reprieve.slice *", nil},
		{"elsewhere", map[string]string{"sys/fs/cgroup/system.slice/": ""}, "note reprieve.slice *", []string{"outside of it"}},
		{"nonsense", map[string]string{slice + "memory.min": "many\n", slice + "reprieved.service/memory.min": "0\n"}, "note reprieve.slice *", []string{`"many"`}},
	}, func(p Places) []Finding { return []Finding{protected(p)} })
}

// Ensure the proof is the daemon's own word, and that nobody is proved able without it.
func TestProof(t *testing.T) {
	for _, tt := range []struct {
		d    Daemon
		want string
		word string
	}{
		{Daemon{}, "note kill path *", "cannot be proved from here"},
		{Daemon{Seen: true, Locked: true}, "good kill path", "at its start"},
		{Daemon{Seen: true, Locked: true, Unproved: "the kill path failed its proof"}, "bad kill path *", "failed its proof"},
		{Daemon{Seen: true, BadLoads: 2}, "good kill path, note memory lock *, bad configuration *", "2 reloads"},
	} {
		if got := Proof(tt.d); short(got) != tt.want || !says(got, tt.word) {
			t.Errorf("Proof(%+v) = %+v, want %s with %q", tt.d, got, tt.want, tt.word)
		}
	}
}
