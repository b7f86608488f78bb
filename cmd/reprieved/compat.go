package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"reprieve/configs"
	"reprieve/internal/worker"
	"reprieve/units"
)

// compat is what systemd's units say of memory pressure, where managed_oom has that count. Only the loop touches it.
type compat struct {
	files   *configs.Set      // what the files say alone
	managed []configs.Managed // by slice
	oomd    bool              // systemd-oomd was active at the last reading: nothing was taken
	told    map[string]bool   // units that cannot be watched

	reader    *worker.Queue // reads, and follows what changes; nil until it is on. Others that ask systemd do not wait for it
	following bool
	reading   bool
	again     bool // something changed while it was read
	whole     bool // services and scopes are to be read as well, to tell of them
	failed    int  // readings in a row
}

const (
	// mostRereads is how often a reading that failed is tried again; after that what systemd tells next begins a new one.
	mostRereads = 3
	rereadAfter = 5 * time.Second
)

// compatible lays a configuration over what the units say, as far as that is known.
func (d *daemon) compatible(set *configs.Set) *configs.Set {
	c := &d.compat
	c.files = set
	if !set.Daemon().Compat.ManagedOOM {
		c.managed, c.oomd, c.told = nil, false, nil
		return set
	}
	return set.WithManaged(c.managed)
}

// startCompat reads the units before the loop begins, for as long as one question may take, so that the start tells of them.
func (d *daemon) startCompat() {
	d.set = d.compatible(d.set)
	if !d.conf.Compat.ManagedOOM {
		return
	}
	d.begin()
	if tell := d.followUnits(); tell != nil {
		tell()
	}
	d.compat.whole = true
	if d.manager.State().Connected { // otherwise the first connection has it read
		d.compat.reading = true
		d.managedReading(true)()()
	}
}

// followCompat follows what the units say, and reads them, or ends that, after the configuration was taken.
func (d *daemon) followCompat() {
	switch c := &d.compat; {
	case d.conf.Compat.ManagedOOM:
		if !c.following {
			d.begin()
			c.reader.Do(d.followUnits) // before the reading, which subscribes for it
		}
		c.whole = true
		d.readManaged()
	case c.following:
		c.following = false
		c.reader.Do(func() worker.Answer { _ = d.manager.FollowManagedOOM(nil); return nil })
	}
}

// begin notes that changes are followed from now on.
func (d *daemon) begin() {
	c := &d.compat
	c.following = true
	if c.reader == nil {
		c.reader = d.desk.Queue(8)
	}
}

// followUnits has changes told to the loop.
func (d *daemon) followUnits() worker.Answer {
	err := d.manager.FollowManagedOOM(func() { d.desk.Post(d.readManaged) })
	if err == nil {
		return nil
	}
	return func() {
		d.tell.plain(prioWarning, "managed_oom: what systemctl set-property sets is found at the next reload only: %v", err)
	}
}

// readManaged reads what the units say, off the loop, one reading at a time.
func (d *daemon) readManaged() {
	c := &d.compat
	if !d.conf.Compat.ManagedOOM || d.ending {
		return
	}
	if c.reading {
		c.again = true
		return
	}
	c.reading = c.reader.Do(d.managedReading(c.whole))
}

// managedReading makes the job of one reading: of slices, and of services and scopes where all is asked for.
func (d *daemon) managedReading(all bool) func() worker.Answer {
	kinds := []string{"slice"}
	if all {
		kinds = append(kinds, "service", "scope")
	}
	return func() worker.Answer {
		ctx, cancel := context.WithTimeout(context.Background(), aboutBound)
		defer cancel()
		got, err := d.manager.ManagedOOM(ctx, kinds...)
		return func() { d.managedRead(all, got, err) }
	}
}

// managedRead takes what the units say.
func (d *daemon) managedRead(all bool, got units.Managed, err error) {
	c := &d.compat
	again := c.again
	c.reading, c.again = false, false
	if !d.conf.Compat.ManagedOOM || d.ending {
		return
	}
	if err != nil {
		d.managedUnread(err)
		return
	}
	c.failed, c.whole = 0, c.whole && !all
	if again {
		d.readManaged()
	}
	if got.OOMD && !c.oomd {
		d.tell.plain(prioWarning, "managed_oom: nothing is taken from systemd's units, since systemd-oomd.service is active: "+
			"systemctl mask --now systemd-oomd.service, or managed_oom = false in reprieve.toml")
	}
	c.oomd = got.OOMD
	managed := d.managedSlices(got)
	if slices.Equal(managed, c.managed) {
		return
	}
	c.managed = managed
	d.set = c.files.WithManaged(managed)
	d.apply()
	d.sayManaged()
}

// managedUnread keeps what is known when systemd does not answer, and tries again.
func (d *daemon) managedUnread(err error) {
	c := &d.compat
	if c.failed++; c.failed == 1 {
		d.tell.plain(prioWarning, "managed_oom: %v; what is known of systemd's units is kept, and they are read again at the next change", err)
	}
	if c.failed <= mostRereads {
		time.AfterFunc(rereadAfter, func() { d.desk.Post(d.readManaged) })
	}
}

// managedSlices is what counts of an answer, and tells once of units that cannot be watched.
func (d *daemon) managedSlices(got units.Managed) []configs.Managed {
	if got.OOMD {
		return nil
	}
	var managed []configs.Managed
	for _, u := range got.Units {
		switch {
		case units.IsSlice(u.Unit):
			managed = append(managed, configs.Managed{Slice: u.Unit, Pressure: u.Pressure, Limit: u.Limit, Duration: u.Duration, Swap: u.Swap})
		case !d.compat.told[u.Unit]:
			if d.compat.told == nil {
				d.compat.told = map[string]bool{}
			}
			d.compat.told[u.Unit] = true
			d.tell.plain(prioNotice, "managed_oom: %s is no slice, and what it says to systemd-oomd is not supported: watch its slice instead", u.Unit)
		}
	}
	return managed
}

// sayManaged tells which slices are watched for their units.
func (d *daemon) sayManaged() {
	var watched []string
	for _, m := range d.set.Managed() {
		if m.Ignored == "" {
			watched = append(watched, m.Slice)
		} else {
			d.tell.plain(prioInfo, "managed_oom: %s %s", m.Slice, m.Ignored)
		}
	}
	if len(watched) == 0 {
		watched = []string{"none"}
	}
	d.tell.plain(prioNotice, "managed_oom: slices that are watched for what systemd's units say: %s", strings.Join(watched, ", "))
}
