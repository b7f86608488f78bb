package main

import (
	"fmt"
	"strings"
)

// fishFrame is the script, with the verbs to be filled in.
const fishFrame = `# Completion of reprievectl for fish, made by "reprievectl completion fish"; to be installed as
# /usr/share/fish/vendor_completions.d/reprievectl.fish.

# __reprievectl_verb VERB: the command line is of that verb.
function __reprievectl_verb
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = $argv[1]
end

# __reprievectl_wants VERB MOST [FLAG...]: it is, and has less than MOST arguments; something follows each of the flags.
function __reprievectl_wants
    __reprievectl_verb $argv[1]; or return 1
    set -l given 0
    set -l pending 0
    set -l words (commandline -opc)
    for word in $words[3..-1]
        if test $pending = 1
            set pending 0
        else if string match -q -- '-*' $word; and test "$word" != -.slice
            contains -- (string replace -r -- '^--?' '' $word) $argv[3..-1]; and set pending 1
        else
            set given (math $given + 1)
        end
    end
    test $pending = 0; and test $given -lt $argv[2]
end

complete -c reprievectl -f
@VERBS@
`

// fishNoVerb is the condition of the first word.
const fishNoVerb = "test (count (commandline -opc)) -eq 1"

// fishScript returns the script for fish.
func fishScript(all []verb) string {
	var lines []string
	for _, v := range all {
		lines = append(lines, fmt.Sprintf("complete -c reprievectl -n %s -a %s -d %s", fishQuote(fishNoVerb), v.name, fishQuote(v.about)))
	}
	for _, v := range all {
		lines = append(lines, "")
		lines = append(lines, fishFlags(v)...)
		lines = append(lines, fishArguments(v, all)...)
	}
	return strings.ReplaceAll(fishFrame, "@VERBS@", strings.Join(lines, "\n"))
}

// fishFlags returns a line for each flag of a verb.
func fishFlags(v verb) []string {
	var lines []string
	for _, o := range v.options {
		letter := "-l"
		if len(o.name) == 1 {
			letter = "-s"
		}
		value := ""
		switch {
		case o.argument == "":
		case o.kind == kindFile:
			value = " -r -F"
		case o.kind == kindDirectory:
			value = " -x -a '(__fish_complete_directories)'"
		default:
			value = " -x"
		}
		lines = append(lines, fmt.Sprintf("complete -c reprievectl -n %s %s %s%s -d %s",
			fishQuote("__reprievectl_verb "+v.name), letter, o.name, value, fishQuote(o.about)))
	}
	return lines
}

// fishArguments returns the lines for the arguments of a verb.
func fishArguments(v verb, all []verb) []string {
	wants := fishQuote(strings.TrimSpace(fmt.Sprintf("__reprievectl_wants %s %d %s", v.name, v.takes.most, strings.Join(v.valued(""), " "))))
	var lines []string
	add := func(what string) {
		lines = append(lines, fmt.Sprintf("complete -c reprievectl -n %s %s", wants, what))
	}
	if len(v.takes.words) > 0 {
		add("-a " + fishQuote(strings.Join(v.takes.words, " ")))
	}
	switch v.takes.kind {
	case kindSlice:
		add("-a '(reprievectl __complete slices 2>/dev/null)'")
	case kindEpisode:
		add("-k -a '(reprievectl __complete episodes 2>/dev/null)'")
	case kindDirectory:
		add("-a '(__fish_complete_directories (commandline -ct))'")
	case kindFile:
		add("-F")
	case kindVerb:
		add("-a " + fishQuote(strings.Join(verbNames(all), " ")))
	}
	return lines
}

// fishQuote writes a word of a fish script.
func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
