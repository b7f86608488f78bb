package control

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Description returns the interface in varlink's own words. The types are made of the Go types that are sent, so that
// neither can say something else than the other.
func Description() string {
	d := describer{known: map[string]bool{}}
	status, plan, event := d.fields(reflect.TypeFor[Status]()), d.fields(reflect.TypeFor[Plan]()), d.fields(reflect.TypeFor[Event]())
	return `# What reprieved tells, and does when it is asked. Times are microseconds since 1970 or microseconds, sizes bytes.
interface ` + Interface + "\n" + d.types.String() + `
# How the daemon fares, and what it watches
method Status() -> (` + status + `)

# Whom a stop in a slice would take now. Nothing is done.
method Plan(slice: string) -> (` + plan + `)

# Hold and stop nothing for so many microseconds, 24 hours at most; 0 ends that. What is held is lifted; the reply
# has how many groups that were. A stop that is under way comes to its end.
method Pause(usec: int) -> (released: int)

# Lift the holds that are in force: of one watched slice, or of all where none
# is given. The reply has how many groups were held, and in which watched slices.
# Who was held is not held again in this episode; its wait goes on and may end
# in a stop.
method Release(slice: ?string) -> (released: int, slices: []string)

# What happens, as it happens: to be called with "more". The kind of the first reply is "listening", and it has
# nothing else: what happens from then on is told. Who is too slow is let go, with the error Failed.
# kind is "breach", "hold", "relief", "stop", "stopped", "settled", ...; unit is whom it is about,
# and uid the user whose manager it belongs to, 0 where it is the system's; deadlineUnixUsec
# is when a wait ends, 0 where that is not known.
method Monitor() -> (` + event + `)

# The slice is not watched
error NoSuchSlice(slice: string)

# The event loop, or a worker of it, does not answer
error NoAnswer()

# It could not be done
error Failed(message: string)
`
}

// describer collects the named types that others are made of.
type describer struct {
	types strings.Builder
	known map[string]bool
}

// fields are those of a struct: "name: type, name: type".
func (d *describer) fields(t reflect.Type) string {
	var all []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		all = append(all, fmt.Sprintf("\n  %s: %s", name, d.name(f.Type)))
	}
	return strings.Join(all, ",") + "\n"
}

// name is how varlink calls a type.
func (d *describer) name(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "bool"
	case reflect.String:
		return "string"
	case reflect.Float64:
		return "float"
	case reflect.Slice:
		return "[]" + d.name(t.Elem())
	case reflect.Map: // of strings, in varlink always
		return "[string]" + d.name(t.Elem())
	case reflect.Pointer:
		return "?" + d.name(t.Elem())
	case reflect.Struct:
		return d.named(t)
	}
	return "int"
}

func (d *describer) named(t reflect.Type) string {
	if t == reflect.TypeFor[time.Time]() {
		return "string"
	}
	if !d.known[t.Name()] {
		d.known[t.Name()] = true
		fields := d.fields(t) // those that it needs come first
		fmt.Fprintf(&d.types, "\ntype %s (%s)\n", t.Name(), fields)
	}
	return t.Name()
}
