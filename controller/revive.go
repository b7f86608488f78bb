package controller

import (
	"cmp"
	"slices"
	"time"

	"reprieve/configs"
)

// Values of stop.revive.
const (
	reviveCalm    = "calm"    // every unit that can be started again
	reviveRestart = "restart" // those that Restart= would have brought back
)

// Down is a unit that was stopped with a victim, with what systemd says of it.
type Down struct {
	Unit      string
	User      bool   // of a user's manager, which starts its units itself
	Startable bool   // systemd could start it again
	Transient bool   // it went with the stop
	Restarts  bool   // its own Restart= brings it back after an oom-kill
	Since     uint64 // when it was started, for the order; any unit that grows with time
}

// Fallen is a unit that waits to be started again.
type Fallen struct {
	Unit    string        `json:"unit"`
	Slice   string        `json:"slice"` // the watched one
	Episode string        `json:"episode"`
	After   time.Duration `json:"after_ns"` // how long the slice must have been calm
	Max     int           `json:"max"`      // revived at most as often
	Per     time.Duration `json:"per_ns"`   // in so long
}

// Revival is that a unit was started again, for the limit.
type Revival struct {
	Unit string        `json:"unit"`
	At   time.Duration `json:"at_ns"`
}

// Reviver starts units again that stops took down, when the slice they fell in
// has been calm for long enough: one at a time, oldest first. It is pure, as
// the machine is; its times are the machine's. A slice that is not there any more is calm.
type Reviver struct {
	Fallen   []Fallen
	Revivals []Revival

	known    map[string]*standing // by slice
	starting *Fallen              // StartUnit was given out and not answered
	asked    time.Duration
	begun    time.Duration // slices not heard of are calm since then
}

// standing is how a slice fares.
type standing struct {
	troubled bool          // in an episode
	calm     time.Duration // since when it is; never: see begun
}

// startBound is how long StartUnit may take to be answered.
const startBound = 10 * time.Second

// Fallout sorts by rule who comes back of what a stop took down, given in any
// order: the names for the record, and those that wait to be started, in their order.
func Fallout(slice string, episode ID, policy configs.Stop, all []Down) (Aftermath, []Fallen) {
	slices.SortStableFunc(all, func(a, b Down) int { return cmp.Compare(a.Since, b.Since) })
	var told Aftermath
	var wait []Fallen
	for _, d := range all {
		switch {
		case d.Transient || d.User || !d.Startable:
			told.Lost = append(told.Lost, d.Unit)
		case policy.Revive == reviveCalm, policy.Revive == reviveRestart && d.Restarts:
			told.Revives = append(told.Revives, d.Unit)
			wait = append(wait, Fallen{
				Unit: d.Unit, Slice: slice, Episode: episode.String(), After: policy.ReviveAfter,
				Max: policy.ReviveMax.Count, Per: policy.ReviveMax.Per,
			})
		default:
			told.Stays = append(told.Stays, d.Unit)
		}
	}
	return told, wait
}

// fallenRoom is how many units may wait before the list of them grows.
const fallenRoom = 64

// Fell takes units that wait to be started, as Fallout gave them.
func (r *Reviver) Fell(all []Fallen) {
	for i := range all {
		r.forget(all[i].Unit)
	}
	r.Fallen = append(r.Fallen, all...)
}

func (r *Reviver) forget(unit string) {
	r.Fallen = slices.DeleteFunc(r.Fallen, func(f Fallen) bool { return f.Unit == unit })
}

// Watch makes room for what is known of a slice and its units, so that nothing
// has to be allocated in an episode.
func (r *Reviver) Watch(slice string) {
	if r.known == nil {
		r.known = map[string]*standing{}
	}
	if r.known[slice] == nil {
		r.known[slice] = &standing{calm: never}
	}
	r.Fallen = slices.Grow(r.Fallen, max(fallenRoom-len(r.Fallen), 0))
	r.Revivals = slices.Grow(r.Revivals, max(fallenRoom-len(r.Revivals), 0))
}

// Troubled says that an episode of the slice began.
func (r *Reviver) Troubled(slice string) {
	r.Watch(slice)
	r.known[slice].troubled = true
}

// Calmed says that an episode of the slice ended, or that the slice is gone.
func (r *Reviver) Calmed(slice string, now time.Duration) {
	if s := r.known[slice]; s != nil && s.troubled {
		s.troubled, s.calm = false, now
	}
}

// due returns when a unit may be started; false while its slice is in trouble.
func (r *Reviver) due(f *Fallen) (time.Duration, bool) {
	s := r.known[f.Slice]
	switch {
	case s == nil, !s.troubled && s.calm == never:
		return r.begun + f.After, true
	case s.troubled:
		return 0, false
	}
	return s.calm + f.After, true
}

// Until returns when the reviver wants to be stepped; false for not before
// something else happens.
func (r *Reviver) Until() (time.Duration, bool) {
	if r.starting != nil {
		return r.asked + startBound, true
	}
	next, any := forever, false
	for i := range r.Fallen {
		if at, ok := r.due(&r.Fallen[i]); ok {
			next, any = min(next, at), true
		}
	}
	return next, any
}

// Step returns the unit to be started now, if there is one, and notes about
// those that stay down. Started answers it.
func (r *Reviver) Step(now time.Duration) (start string, notes []Note) {
	if r.starting != nil {
		if now-r.asked < startBound {
			return "", nil
		}
		r.starting = nil // the shell keeps a bound; this is for a shell that hangs
	}
	for i := 0; i < len(r.Fallen); {
		f := r.Fallen[i]
		if at, ok := r.due(&f); !ok || now < at {
			i++
			continue
		}
		r.Fallen = slices.Delete(r.Fallen, i, i+1)
		if r.often(&f, now) >= f.Max {
			n := f.note(NoteStaysDown)
			n.Count, n.Per = f.Max, f.Per
			notes = append(notes, n)
			continue
		}
		r.Revivals = append(r.Revivals, Revival{Unit: f.Unit, At: now})
		r.starting, r.asked = &f, now
		return f.Unit, notes
	}
	return "", notes
}

// often counts a unit's revivals within its limit's time, and drops older ones.
func (r *Reviver) often(f *Fallen, now time.Duration) int {
	n := 0
	r.Revivals = slices.DeleteFunc(r.Revivals, func(v Revival) bool {
		if v.Unit == f.Unit && now-v.At < f.Per {
			n++
		}
		return v.Unit == f.Unit && now-v.At >= f.Per || now-v.At > 24*time.Hour
	})
	return n
}

// Started takes the answer to the start of a unit.
func (r *Reviver) Started(unit string, err error) (Note, bool) {
	if r.starting == nil || r.starting.Unit != unit {
		return Note{}, false
	}
	n := r.starting.note(NoteRevived)
	r.starting = nil
	if err != nil {
		n.Kind, n.Step, n.Err = NoteFailed, "start it again", err
	}
	return n, true
}

func (f *Fallen) note(kind NoteKind) Note {
	n := Note{Kind: kind, Slice: f.Slice, Unit: f.Unit, Waited: f.After}
	n.Episode = parseID(f.Episode)
	return n
}
