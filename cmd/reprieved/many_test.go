package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/plugins"
	"reprieve/units"
)

// plantMany makes w.slice with n leaves in a directory. Their files are links
// to a few, for the sake of time.
func plantMany(b *testing.B, n int) string {
	b.Helper()
	root := b.TempDir()
	for file, text := range groupFiles(10) {
		for _, name := range []string{file, filepath.Join("w.slice", file)} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, name), []byte(text+"\n"), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	for i := range n {
		dir := filepath.Join(root, "w.slice", fmt.Sprintf("w-%05d.slice", i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		for file := range groupFiles(10) {
			if err := os.Link(filepath.Join(root, file), filepath.Join(dir, file)); err != nil {
				b.Fatal(err)
			}
		}
	}
	return root
}

// many is a daemon over planted leaves whose loop is turned by hand.
func many(b *testing.B, root string) *daemon {
	b.Helper()
	nobody := filepath.Join(b.TempDir(), "nobody")
	config := b.TempDir()
	if err := os.MkdirAll(filepath.Join(config, "slices"), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "slices/w.slice.toml"), []byte(watchOnly), 0o644); err != nil {
		b.Fatal(err)
	}
	options := configs.Options{Dirs: []string{config}, Names: plugins.Names()}
	set, err := configs.Load(options)
	if err != nil {
		b.Fatal(err)
	}
	tell := newTeller(&log{})
	tell.sender.Close()
	d, err := newDaemon(options, set, tell, places{
		mount: root, ledger: filepath.Join(b.TempDir(), "holds"), fallen: filepath.Join(b.TempDir(), "revive.json"),
		systemd: units.Options{PrivateSocket: nobody, BusSocket: nobody},
	})
	if err != nil {
		b.Fatal(err)
	}
	d.guard = startGuard(0, d.now, tell)
	return d
}

// idle reports whether nothing is under way.
func (d *daemon) idle() bool {
	return d.owed == 0 && len(d.backlog) == 0 && len(d.dropped) == 0 && !d.dropping.busy
}

// close ends a daemon whose loop is turned by hand.
func (d *daemon) close(b *testing.B) {
	b.Helper()
	d.end()
	d.until(b, func() bool { return len(d.byLeaf) == 0 && d.idle() })
	d.tree.Close()
}

// until turns the loop's answers until something is so.
func (d *daemon) until(b *testing.B, ok func() bool) time.Duration {
	b.Helper()
	began := time.Now()
	for end := began.Add(time.Minute); !ok(); {
		d.desk.Collect()
		d.hand()
		d.handDropped()
		runtime.Gosched()
		if time.Now().After(end) {
			b.Fatal("still waiting after a minute")
		}
	}
	return time.Since(began)
}

// BenchmarkMany is what so many leaves cost: to take them up, to arm all, to
// read those that are not open, to choose among all, and one that comes.
func BenchmarkMany(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		root := plantMany(b, n)
		b.Run("takeup/"+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				before, fds := heap(), countFds(b)
				d := many(b, root)
				d.survey()
				d.until(b, func() bool { return len(d.slices) == 1 && d.idle() })
				b.ReportMetric(float64(heap()-before)/(1<<20), "heap-MiB")
				b.ReportMetric(float64(countFds(b)-fds), "fds")
				b.StopTimer()
				d.close(b)
				b.StartTimer()
			}
		})
		d := many(b, root)
		d.survey()
		d.until(b, func() bool { return len(d.slices) == 1 && d.idle() })
		b.Cleanup(func() { d.close(b) })
		s := d.slices[0]
		b.Run("arm/"+strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				for done := false; !done; done = len(s.toArm) == 0 {
					d.armSlice(s)
					d.until(b, func() bool { return d.idle() })
				}
			}
		})
		job := &censusJob{d: d, s: s, mount: d.mount}
		b.Run("census/"+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				job.looks = s.looks(job.looks)
				job.Run()
			}
		})
		for i := range job.looks {
			l := &job.looks[i]
			l.f.seen, l.f.known, l.f.first = l.far.seen, l.far.known, l.far.first
		}
		for _, least := range []uint64{0, 11 << 20} {
			b.Run(fmt.Sprintf("choose/%d/min=%dMiB", n, least>>20), func(b *testing.B) {
				b.ReportAllocs()
				defer cpu(b)()
				for b.Loop() {
					w := d.weighing(s, controller.Scale{Order: plugins.Order([]string{"largest"}), MinBytes: least})
					w.Run()
					b.ReportMetric(float64(w.reads), "memory.stat/op")
					d.dismiss(w)
					b.StopTimer()
					d.until(b, func() bool { return d.idle() })
					b.StartTimer()
				}
			})
		}
		b.Run("change/"+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			dir := filepath.Join(root, "w.slice/w-new.slice")
			for b.Loop() {
				for _, step := range []func() error{func() error { return os.Mkdir(dir, 0o755) }, func() error { return os.Remove(dir) }} {
					b.StopTimer()
					if err := step(); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					d.treeReady(0)
				}
				b.StopTimer()
				d.until(b, func() bool { return d.idle() })
				b.StartTimer()
			}
		})
	}
}

// cpu reports how much CPU time of the process passes in b, an operation: the
// time by the clock says little where others use the machine as well.
func cpu(b *testing.B) func() {
	now := func() time.Duration {
		var u unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := now()
	return func() { b.ReportMetric(float64((now()-began).Microseconds())/1000/float64(b.N), "cpu-ms/op") }
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func countFds(b *testing.B) int {
	b.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		b.Fatal(err)
	}
	return len(all)
}
