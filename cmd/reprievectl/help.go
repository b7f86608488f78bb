package main

import (
	"fmt"
	"io"
	"strings"

	"reprieve/configs"
)

// help prints what there is, or what one verb does.
func help(args []string, stdout, stderr io.Writer) int {
	of, ok := parse("help", args, stderr, nil)
	if !ok {
		return exitUsage
	}
	out := &output{Writer: stdout}
	if len(of) == 0 {
		usage(out)
		return out.code("help", stderr, exitOK)
	}
	v, err := findVerb(of[0])
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl help: %v\n", err)
		return exitUsage
	}
	v.help(out)
	return out.code("help", stderr, exitOK)
}

// usage writes the help text to w: the verbs by their groups.
func usage(w io.Writer) {
	fmt.Fprint(w, "usage: reprievectl VERB [FLAGS] [ARGUMENTS]\n")
	var rows [][2]string
	for _, group := range []string{groupLook, groupAct, groupCheck, groupMore} {
		for i, v := range grouped(group) {
			if i == 0 {
				rows = append(rows, [2]string{group + ":"})
			}
			rows = append(rows, [2]string{"  " + strings.TrimSpace(v.name+" "+v.args), v.about})
		}
	}
	writeRows(w, rows)
	fmt.Fprintf(w, `
reprievectl VERB --help says more of each, with its flags and examples.
The configuration is searched in %s.
Exit status: 0 fine, 1 something is wrong, 2 called wrongly.
`, strings.Join(configs.DefaultDirs(), ", "))
}

// grouped returns the verbs of a group.
func grouped(group string) []verb {
	var list []verb
	for _, v := range verbs() {
		if v.group == group {
			list = append(list, v)
		}
	}
	return list
}

// help writes all that there is to say of a verb.
func (v *verb) help(w io.Writer) {
	flags := ""
	if len(v.options) > 0 {
		flags = " [FLAGS]"
	}
	about := strings.Join(fold(capital(v.about)+".", helpWidth), "\n")
	fmt.Fprintf(w, "usage: reprievectl %s\n\n%s\n", strings.TrimSpace(v.name+flags+" "+v.args), about)
	if len(v.options) > 0 {
		rows := [][2]string{{"Flags:"}}
		for _, o := range v.options {
			rows = append(rows, [2]string{"  " + o.full(), o.about})
		}
		writeRows(w, rows)
	}
	if len(v.examples) > 0 {
		rows := [][2]string{{"Examples:"}}
		for _, e := range v.examples {
			rows = append(rows, [2]string{"  " + e.command, e.what})
		}
		writeRows(w, rows)
	}
	if v.notes != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(v.notes))
	}
}

const (
	// helpWidth is how wide the help text is: what any terminal has.
	helpWidth = 80
	// columnMost is how wide the first column of a table grows. With a longer row in it, each row has its second column below it.
	columnMost = 32
)

// writeRows writes rows in two columns, and an empty line before each row that has but one: a heading.
func writeRows(w io.Writer, rows [][2]string) {
	width := 0
	for _, r := range rows {
		if r[1] != "" {
			width = max(width, len(r[0]))
		}
	}
	for _, r := range rows {
		switch {
		case r[1] == "":
			fmt.Fprintf(w, "\n%s\n", r[0])
		case width > columnMost:
			fmt.Fprintf(w, "%s\n      %s\n", r[0], strings.Join(fold(r[1], helpWidth-6), "\n      "))
		default:
			lines := fold(r[1], helpWidth-width-2)
			fmt.Fprintf(w, "%-*s  %s\n", width, r[0], strings.Join(lines, fmt.Sprintf("\n%*s  ", width, "")))
		}
	}
}

// fold breaks a text into lines of at most width bytes, but for words that are longer.
func fold(text string, width int) []string {
	var lines []string
	for word := range strings.FieldsSeq(text) {
		if last := len(lines) - 1; last >= 0 && len(lines[last])+1+len(word) <= width {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// capital is a text with a capital first letter.
func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
