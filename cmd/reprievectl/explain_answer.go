package main

import (
	"fmt"
	"strings"
)

// answer says in a sentence or two whether the slice is watched, and by which words of whom.
func (e *explanation) answer() string {
	m := &e.Matches
	switch {
	case e.Watched:
		return fmt.Sprintf("%s is watched: %s.%s", e.Slice, e.tables(), e.notThere())
	case e.Masked != "":
		return fmt.Sprintf("%s is masked by %s, a link to /dev/null or an empty file: it is not watched, nothing else is read for it, and "+
			"all its values are default.%s", e.Slice, e.Masked, e.notThere())
	case e.unknown():
		text := fmt.Sprintf("%s is not watched: no file speaks of it, and no slice of that name is on this host now.", e.Slice)
		if guess := meant(e.Slice, e.named); guess != "" {
			text += fmt.Sprintf(" Did you mean %s?", guess)
		}
		return text
	case !m.named():
		return fmt.Sprintf("%s is not watched: no file speaks of it.%s", e.Slice, e.notThere())
	}
	return fmt.Sprintf("%s is not watched: none of its files has a [pressure] table, and without one nothing but its priority counts, which is %d.%s",
		e.Slice, e.policy.Priority, e.notThere())
}

// tables says whose [pressure] makes the slice watched.
func (e *explanation) tables() string {
	origin := e.policy.Origins["pressure"]
	if e.byUnit {
		return fmt.Sprintf("%s has it so, %s", origin, e.Managed)
	}
	if origin.File != "" {
		return fmt.Sprintf("[pressure] in %s has it so", origin)
	}
	return "its files have a [pressure] table"
}

// notThere says that there is nobody in it now.
func (e *explanation) notThere() string {
	if e.Matches.There || !e.Matches.known {
		return ""
	}
	return " There is no such slice on this host now; systemd makes it with the first unit in it."
}

// remedy says what would make an unwatched slice a watched one, and who watches it as a part of something larger.
func (e *explanation) remedy(p *page) {
	p.heading("what would make it watched")
	switch hidden := e.hiddenMain(); {
	case e.Masked != "" && hidden != "":
		p.paragraph("Remove %s: then %s is read again.", e.Masked, hidden)
	case e.Masked != "":
		p.paragraph("Put a limit into %s instead, such as these lines:", e.Masked)
		p.block("[pressure]", `full = "20%"`)
	default:
		p.paragraph("A [pressure] table with one limit or more, as in a file of this name:")
		p.block("# /etc/reprieve/slices/"+e.remedyFile(), "[pressure]", `full = "20%"`)
	}
	p.paragraph("Then reprievectl check, and systemctl reload reprieved.")
	p.WriteString("\n")
	p.paragraph("%s", e.others())
}

// others says who watches an unwatched slice, or a part of it.
func (e *explanation) others() string {
	if above := e.Matches.Above; len(above) > 0 {
		return fmt.Sprintf("It lies in %s, which %s watched: in a breach there, leaves of %s may be held and stopped like others, at its "+
			"priority of %d where that is picked by; see reprievectl explain %s.", strings.Join(above, " and in "), isAre(len(above)), e.Slice, e.policy.Priority, above[0])
	}
	var inner []string
	for _, s := range e.Matches.Slices {
		if s.Watched {
			inner = append(inner, s.Slice)
		}
	}
	switch {
	case !e.Matches.known:
		return "No slice around it is watched."
	case len(inner) == 0:
		return fmt.Sprintf("No slice around it or in it is watched either: nothing in %s is held or stopped.", e.Slice)
	}
	return fmt.Sprintf("No slice around it is watched. In it %s %s: what lies there is held and stopped, and nothing else in %s.",
		strings.Join(inner, ", "), isAre(len(inner)), e.Slice)
}

// hiddenMain returns the file that a mask keeps from being read.
func (e *explanation) hiddenMain() string {
	for _, f := range e.Matches.Files {
		if f.Stem == e.Slice && f.Hidden != "" && strings.HasSuffix(f.File, "/"+e.Slice+".toml") {
			return f.File
		}
	}
	return ""
}

// remedyFile is the file that takes away nothing which is there: a drop-in where there is a main file.
func (e *explanation) remedyFile() string {
	for _, f := range e.Matches.Files {
		if f.Hidden == "" && strings.HasSuffix(f.File, "/"+e.Slice+".toml") {
			return e.Slice + ".d/watch.toml"
		}
	}
	return e.Slice + ".toml"
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
