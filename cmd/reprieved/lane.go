package main

import (
	"time"

	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/plugins"
)

// lane writes what holds a leaf. A leaf has one from the first job it is
// given to the last answer; a write that hangs keeps its lane, and holds up
// nobody else.
type lane struct {
	queue  *worker.Queue
	writer memcg.Writer // what runs on the queue, to be interrupted
	jobs   [laneJobs]writeJob
}

const (
	// laneJobs is how many jobs of one leaf may be under way. A machine asks
	// for one at a time and for the end of it.
	laneJobs = 4
	// sliceLanes is how many lanes are ready for each watched slice: one for
	// each leaf that it may hold, and one for itself.
	sliceLanes = controller.MostHeld + 1
)

// makeLanes makes lanes ready, so that nothing has to be made at a hold.
func (d *daemon) makeLanes(n int) {
	for range n {
		l := &lane{queue: d.desk.Queue(laneJobs)}
		for i := range l.jobs {
			l.jobs[i].d = d
		}
		d.lanes = append(d.lanes, l)
	}
	d.allLanes += n
	if spare := d.allLanes - cap(d.lanes); spare > 0 {
		d.lanes = append(make([]*lane, 0, d.allLanes), d.lanes...) // they all come back without a new array
	}
}

// what a job does to a leaf.
type write int

const (
	writeHold write = iota
	writeMove
	writeLift
)

// writeJob is a write to a leaf under way. Its first half is the loop's, to be
// filled in before it is given.
type writeJob struct {
	d    *daemon
	s    *slice
	lf   *leaf
	busy bool
	what write

	by      plugins.Way // writeHold
	episode controller.ID
	until   time.Duration
	putBack bool        // writeHold: found is restored in the end, and not what is there now
	found   memcg.Limit // the same
	limits  memcg.Hold  // writeHold, as the machine knew them
	lend    uint64      // writeHold
	to      memcg.Limit // writeMove

	held memcg.Hold
	how  memcg.Restored
	err  error
}

// job returns a job for a leaf, or nil where its worker is stuck.
func (d *daemon) job(s *slice, lf *leaf, what write) *writeJob {
	if lf.lane == nil {
		if len(d.lanes) == 0 {
			d.makeLanes(1) // the others hang
		}
		n := len(d.lanes) - 1
		lf.lane, d.lanes = d.lanes[n], d.lanes[:n]
	}
	for i := range lf.lane.jobs {
		if j := &lf.lane.jobs[i]; !j.busy {
			*j = writeJob{d: d, s: s, lf: lf, busy: true, what: what, episode: s.m.Episode()}
			lf.busy++
			return j
		}
	}
	return nil
}

// give gives a job to its leaf's lane, which has room for all it has.
func (d *daemon) give(j *writeJob) { j.lf.lane.queue.Give(j) }

// Run writes, on the lane's thread.
func (j *writeJob) Run() { j.lf.lane.writer.Do(j.write) }

func (j *writeJob) write() {
	lf := j.lf
	intent := memcg.Intent{Slice: j.s.unit, Episode: j.episode.String(), Until: j.d.start.Add(j.until)}
	switch j.what {
	case writeHold:
		var old *memcg.Limit
		if j.putBack {
			old = &j.found
			j.d.tell.plain(prioInfo, "%s: %s was set to %v while it is held at %v; it is put back, and %v comes back in the end",
				lf.leaf.Unit, j.limits.File, j.found, j.limits.Mark, j.found)
		}
		if j.held, j.err = j.by.Hold(lf.group, intent, old, j.lend); j.err == nil {
			lf.held, lf.way = j.held, j.by
		}
	case writeMove:
		if lf.way == nil {
			j.err = memcg.ErrMoved
			return
		}
		j.held, j.err = lf.way.Move(lf.group, intent, lf.held, j.to)
		lf.held = j.held // with an error as well
	case writeLift:
		j.held = lf.held
		if j.how = memcg.NothingToDo; lf.way != nil { // otherwise it never came about
			j.how, j.err = lf.way.Lift(lf.group, j.held)
		}
	}
}

// Answer brings the machine what became of it. The job is free before that:
// the machine may want the next one at once.
func (j *writeJob) Answer() {
	d, s, lf, what, held, how, err := j.d, j.s, j.lf, j.what, j.held, j.how, j.err
	j.busy = false
	if lf.busy--; lf.busy == 0 {
		d.lanes = append(d.lanes, lf.lane)
		lf.lane = nil
	}
	now := d.now()
	switch what {
	case writeHold:
		if err != nil {
			held = memcg.Hold{}
		}
		d.carry(s, s.m.HoldAnswered(now, lf.leaf, held, err, d.room()))
	case writeMove:
		d.carry(s, s.m.MoveAnswered(now, lf.leaf, held, err, d.room()))
	case writeLift:
		d.lifted(s, lf, held, how, err)
		d.carry(s, s.m.LiftAnswered(now, lf.leaf, how, err, d.room()))
	}
	if lf.gone {
		d.retire(lf)
	}
}

// lifted tells what is unusual about the end of a hold.
func (d *daemon) lifted(s *slice, lf *leaf, held memcg.Hold, how memcg.Restored, err error) {
	l := lf.leaf
	switch {
	case d.ending:
		d.tell.released("the daemon's end", l.Path, s.unit, s.m.Episode().String(), held.File.String(), held.Old.String(), how, err)
	case how == memcg.LeftForeign:
		d.foreign(l, held)
	case how == memcg.RestoredHard:
		d.tell.plain(prioWarning, "%s: memory.max is %v again, below what is in use: the loan did not come back by itself; the kernel takes it, and may kill for it", l.Unit, held.Old)
	}
}
