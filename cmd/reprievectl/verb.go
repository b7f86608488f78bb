package main

import (
	"io"
)

// Groups are the headings of the help text. A verb without one is for programs, and not shown.
const (
	groupLook  = "Look"
	groupAct   = "Act"
	groupCheck = "Check"
	groupMore  = "More"
)

// Kinds of arguments that the completion knows how to find. Any other word says as well what an argument is, and is completed by
// the words that stand beside it.
const (
	kindSlice     = "slice"
	kindEpisode   = "episode"
	kindDirectory = "directory"
	kindFile      = "file"
	kindVerb      = "verb"
)

// verb is one thing that reprievectl does. All but name, about and run may be empty.
type verb struct {
	name     string
	group    string
	args     string // As in the usage line, without the flags: "[DIR]".
	about    string // One line, without a full stop.
	takes    argument
	options  []option
	examples []example
	notes    string // Whole sentences below the examples; lines as they are to be printed.
	run      func(args []string, stdout, stderr io.Writer) int
}

// argument is what the arguments of a verb are.
type argument struct {
	kind        string
	words       []string // That are completed besides what the kind finds: "last".
	least, most int      // How many it takes. The zero value takes none.
}

// option is a flag, and what follows it.
type option struct {
	name     string // Without dashes.
	argument string // "N"; empty for a switch.
	about    string
	kind     string // Of the argument; empty where nothing can be completed.
}

// spelled is how people write it: -n, --json.
func (o option) spelled() string {
	if len(o.name) == 1 {
		return "-" + o.name
	}
	return "--" + o.name
}

// full is spelled with the argument.
func (o option) full() string {
	if o.argument == "" {
		return o.spelled()
	}
	return o.spelled() + " " + o.argument
}

// example is a call, and what it is good for.
type example struct{ command, what string }
