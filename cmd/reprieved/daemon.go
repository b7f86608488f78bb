package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/episodes"
	"reprieve/internal/control"
	"reprieve/internal/epoll"
	"reprieve/internal/memlock"
	"reprieve/internal/notify"
	"reprieve/internal/realtime"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/plugins"
	"reprieve/plugins/hook"
	"reprieve/units"
)

// daemon is everything the loop owns. Only the loop's goroutine touches it;
// workers get what they need and answer through the desk.
type daemon struct {
	options configs.Options
	set     *configs.Set
	conf    configs.Daemon
	compat  compat
	kept    int // bad configurations met by a reload

	stirPath    string // the host's memory pressure; "" is not looked at
	controlPath string // of the socket that reprievectl asks by; "": none

	start      time.Time
	own        string // the daemon's own cgroup
	mount      string
	tree       *memcg.Tree
	info       *memcg.Host
	poller     *epoll.Poller
	desk       *worker.Desk
	host       controller.Host
	ways       map[string]plugins.Way // to hold, by name
	hooks      hook.Caller            // who is told of a stop
	systemd    units.Options
	manager    *units.Manager
	bus        units.State
	tell       *teller
	notifier   *notify.Notifier
	speaker    *notify.Notifier // the teller's
	watchdog   time.Duration    // how often to say that the loop is alive; 0: nobody asks
	beat       time.Duration    // when it is next said
	buf        memcg.Buffer
	meminfo    memcg.Meminfo
	meminfoAt  time.Duration // when it was read
	meminfoErr error
	stir       stir
	psi        map[uint64]psi // by inode

	guard   *guardian
	slices  []*slice             // watched
	taking  map[*memcg.Node]bool // watched, being opened, or cannot be watched
	byLeaf  map[*controller.Leaf]*leaf
	changed bool // the configuration changed: look at all that is watched
	crowd   crowd

	taker   *worker.Queue // opens and closes what may take the kernel a while
	weigher *worker.Queue
	stopper *worker.Queue
	killer  *worker.Queue
	sweeper *worker.Queue
	starter *worker.Queue
	asker   *worker.Queue
	crier   *worker.Queue // tells those who listen of a stop
	scribe  *worker.Queue // writes traces
	owed    int           // jobs of taker that were not answered

	pausedUntil time.Duration // by hand
	pauseFile   string        // "" is none
	readyAt     time.Duration // when READY=1 was said
	locked      bool          // memory is
	alone       bool          // see places
	killers     []string      // other ones that were active at the start

	allSeries   int                     // how many there are
	lanes       []*lane                 // that are free
	allLanes    int                     // how many there are
	rooms       [][]controller.Decision // that are free
	dropped     []*memcg.Group          // to be closed
	dropping    dropJob
	remembering rememberJob
	backlog     []func() worker.Answer // for taker

	releasing []releasing // by hand, not answered yet

	reviver controller.Reviver
	fallen  string        // its file
	rearmAt time.Duration // when the slices are armed again; 0: not
	armTold bool          // that it cannot be done

	recursive bool // the mount has memory_recursiveprot

	program  string // what rehearsals start; "": none
	unproved string // what a rehearsal could not prove; "": nothing
	toll     tollBook
	garbage  collector

	status figured       // as it was last told
	ending bool          // told to end: lifting holds
	endBy  time.Duration // no longer than this
}

// endBound is how long the daemon's end may wait for its holds to be lifted;
// what is left then the unit's ExecStopPost= undoes.
const endBound = 2 * time.Second

// places is where the daemon finds its host. The zero value of units.Options
// is what a host has.
type places struct {
	mount, ledger, fallen string
	control               string   // "" is no control socket
	hooks                 []string // directories
	stir                  string   // memory pressure of the host; "" is not looked at
	paused                string   // file of the pause; "" is none
	records               string   // directory of the records of episodes; "" is none
	program               string   // this one, to rehearse with; "" is no rehearsal
	alone                 bool     // nobody else is in the process: how it collects garbage is the daemon's to set
	systemd               units.Options
}

// onHost is where they are on a host.
func onHost() places {
	return places{mount: memcg.DefaultMount, ledger: memcg.DefaultLedger, fallen: "/run/reprieve/revive.json", control: control.Socket, hooks: hook.DefaultDirs(), records: episodes.DefaultDir, paused: pauseFile, stir: hostPressure, program: "/proc/self/exe", alone: true}
}

func newDaemon(options configs.Options, set *configs.Set, tell *teller, at places) (*daemon, error) {
	d := &daemon{
		meminfoAt: -1,
		options:   options, set: set, conf: set.Daemon(), tell: tell,
		start: time.Now(), mount: at.mount, fallen: at.fallen, systemd: at.systemd, hooks: hook.Caller{Dirs: at.hooks}, controlPath: at.control, stirPath: at.stir, program: at.program, alone: at.alone, taking: map[*memcg.Node]bool{}, psi: map[uint64]psi{}, byLeaf: map[*controller.Leaf]*leaf{},
		crowd: crowd{watched: map[*memcg.Node]*slice{}, budget: newBudget(openFiles())},
	}
	tell.chronicle.dir = at.records
	tell.chronicle.keep.Store(int64(d.conf.Records))
	ledger, err := memcg.OpenLedger(at.ledger)
	if err != nil {
		return nil, fmt.Errorf("prepare the ledger of holds: %w", err)
	}
	ledger.During = realtime.During
	d.ways = plugins.Holds(ledger)
	if d.own, err = ownGroup(); err != nil {
		return nil, fmt.Errorf("find my own cgroup: %w", err)
	}
	if d.info, err = memcg.OpenHost("/proc/meminfo"); err != nil {
		return nil, err
	}
	if d.poller, err = epoll.New(); err != nil {
		return nil, err
	}
	if d.desk, err = worker.NewDesk(); err != nil {
		return nil, err
	}
	if d.tree, err = memcg.OpenTree(d.mount, inside); err != nil {
		return nil, fmt.Errorf("follow the cgroup tree: %w", err)
	}
	for _, n := range []**notify.Notifier{&d.notifier, &d.speaker} {
		if *n, err = notify.Open(os.Getenv("NOTIFY_SOCKET")); err != nil {
			return nil, fmt.Errorf("open the service manager's socket: %w", err)
		}
	}
	d.watchdog = notify.WatchdogInterval(os.Getenv, os.Getpid()) / 3 // one may come late
	if info, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		d.recursive = memcg.RecursiveProtection(info, d.mount)
	}
	d.pauseFile = at.paused
	d.recall()
	d.recallPause()
	_ = newID() // the first one allocates
	d.dropped, d.dropping.groups = make([]*memcg.Group, 0, dropRoom), make([]*memcg.Group, 0, dropRoom)
	d.remembering.fallen = make([]controller.Fallen, 0, 64) // not nil: an empty list in its file
	d.remembering.revivals = make([]controller.Revival, 0, 64)
	d.rooms = make([][]controller.Decision, 0, rooms)
	for range rooms {
		d.rooms = append(d.rooms, make([]controller.Decision, 0, roomFor))
	}
	for _, q := range []**worker.Queue{&d.taker, &d.weigher, &d.stopper, &d.killer, &d.sweeper, &d.starter, &d.asker, &d.crier, &d.scribe} {
		*q = d.desk.Queue(64)
	}
	return d, nil
}

// now is the time since the start, by the monotonic clock.
func (d *daemon) now() time.Duration { return time.Since(d.start) }

// serve runs until it is told to end.
func (d *daemon) serve() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	connected := make(chan struct{}, 1)
	d.systemd.Changed = func(s units.State) {
		d.desk.Post(func() { d.busChanged(s) })
		select {
		case connected <- struct{}{}:
		default:
		}
	}
	d.manager = units.New(d.systemd)
	go d.manager.Run(ctx)
	go d.signals(ctx)
	select { // systemd's first answer belongs before READY=1, if it comes
	case <-connected:
	case <-time.After(2 * time.Second):
	}
	if r, err := memlock.Lock(); err != nil {
		d.tell.plain(prioWarning, "memory is not locked, decisions may wait for a disk under pressure: %v", err)
	} else if d.locked = true; r.PopulateErr != nil {
		d.tell.plain(prioWarning, "memory is locked as it is touched, but only %d of %d KiB of the program are in: code that has never run may wait for a disk under pressure: %v", r.PopulatedBytes>>10, r.MappedBytes>>10, r.PopulateErr)
	} else {
		d.tell.plain(prioInfo, "memory is locked as it is touched; %d KiB of the program are in", r.PopulatedBytes>>10)
	}
	d.openToll()
	d.openStir(d.stirPath)
	d.rehearse()
	d.raise()
	d.guard = startGuard(d.conf.Guard, d.now, d.tell)
	defer d.guard.close()
	if _, err := d.poller.Add(d.tree.Fd(), unix.EPOLLIN, d.treeReady); err != nil {
		return fmt.Errorf("poll the cgroup tree: %w", err)
	}
	if _, err := d.poller.Add(d.desk.Fd(), unix.EPOLLIN, func(uint32) { d.desk.Collect() }); err != nil {
		return fmt.Errorf("poll the workers' answers: %w", err)
	}
	d.openControl(ctx)
	d.desk.Collect()
	d.startCompat()
	d.survey()
	d.later(func() worker.Answer { return d.started }) // behind all that is taken up now
	return d.loop()
}

// raise gives the loop a real-time priority, and below it those of its workers
// that a stop waits for: what they open under pressure takes the kernel memory, and
// in the reserve of real-time tasks there is some. Not those that write limits or
// release a dead process's memory, which may take a CPU for seconds.
func (d *daemon) raise() {
	if err := realtime.Raise(realtime.Loop); err != nil {
		d.tell.plain(prioInfo, "the event loop has an ordinary priority: %v", err)
		return
	}
	for _, q := range []*worker.Queue{d.weigher, d.stopper, d.killer} {
		q.Do(func() worker.Answer {
			if err := realtime.Raise(realtime.Worker); err != nil {
				return func() { d.tell.plain(prioInfo, "a worker has an ordinary priority: %v", err) }
			}
			return nil
		})
	}
}

// openControl opens the socket that reprievectl asks by. Without it all else
// goes on.
func (d *daemon) openControl(ctx context.Context) {
	if d.controlPath == "" {
		return
	}
	c, err := openControl(d.controlPath, requests{release: d.release, pause: d.askPause, status: d.askStatus, plan: d.askPlan, listen: d.tell.feed.listen})
	if err != nil {
		d.tell.plain(prioWarning, "reprievectl cannot ask this daemon: %v", err)
		return
	}
	context.AfterFunc(ctx, func() { _ = c.Close() })
}

// signals brings signals to the loop.
func (d *daemon) signals(ctx context.Context) {
	c := make(chan os.Signal, 4)
	signal.Notify(c, unix.SIGHUP, unix.SIGTERM, unix.SIGINT)
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-c:
			if s == unix.SIGHUP {
				d.desk.Post(d.reload)
			} else {
				d.desk.Post(d.end)
			}
		}
	}
}

// end begins the daemon's end: every hold is lifted.
func (d *daemon) end() {
	if d.ending {
		return
	}
	d.ending, d.endBy = true, d.now()+endBound
	_ = d.notifier.Stopping()
	for len(d.slices) > 0 {
		d.letGo(d.slices[0])
	}
}

// later queues a job for the taker, behind those that found no room.
func (d *daemon) later(job func() worker.Answer) {
	d.owed++
	d.backlog = append(d.backlog, func() worker.Answer {
		answer := job()
		return func() {
			d.owed--
			if answer != nil {
				answer()
			}
		}
	})
	d.hand()
}

// hand gives the taker what it has room for.
func (d *daemon) hand() {
	for len(d.backlog) > 0 && d.taker.Do(d.backlog[0]) {
		d.backlog = d.backlog[1:]
	}
}

// rules gives the rules of a slice.
func (d *daemon) rules(unit string) controller.Rules {
	p := d.set.Policy(unit)
	return controller.Rules{
		Policy: p, Detectors: plugins.Detectors(p.Pressure), Order: plugins.Order(p.Stop.Pick), Observe: d.conf.Observe,
	}
}

// newID makes a random UUID (RFC 9562, version 4).
func newID() controller.ID {
	var id controller.ID
	_, _ = rand.Read(id[:]) // never fails, says its documentation
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// ownGroup reads the daemon's cgroup from /proc/self/cgroup: "0::/path".
func ownGroup() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path, nil
		}
	}
	return "", fmt.Errorf("no cgroup2 line in /proc/self/cgroup: %q", text)
}
