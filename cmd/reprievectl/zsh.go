package main

import (
	"fmt"
	"strings"
)

// zshFrame is the script, with the verbs to be filled in.
const zshFrame = `#compdef reprievectl
# Completion of reprievectl for zsh, made by "reprievectl completion zsh"; to be installed as _reprievectl in a directory of $fpath.

_reprievectl() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a verbs
  verbs=(
@VERBS@
  )
  _arguments -C '1:verb:->verb' '*::argument:->rest' && return
  case $state in
  verb) _describe -t verbs verb verbs ;;
  rest)
    curcontext=${curcontext%:*}-$words[1]:
    case $words[1] in
@CASES@
    esac
    ;;
  esac
}

# _reprievectl_list KIND offers what reprievectl lists of a kind, with what it says of each.
_reprievectl_list() {
  local -a list
  local line name about
  for line in ${(f)"$(_call_program $1 reprievectl __complete $1 2>/dev/null)"}; do
    name=${line%%$'\t'*} about=${line#*$'\t'}
    name=${name//\\/\\\\}
    list+=("${name//:/\\:}:$about")
  done
  # In the order of the list: the newest episode first.
  _describe -V -t $1 $1 list
}

# Read from a directory of $fpath it is the function itself; sourced, it has to be made known.
if [[ $funcstack[1] == _reprievectl ]]; then
  _reprievectl "$@"
else
  compdef _reprievectl reprievectl
fi
`

// zshScript returns the script for zsh.
func zshScript(all []verb) string {
	var list, cases []string
	for _, v := range all {
		list = append(list, "    "+zshQuote(v.name+":"+v.about))
		cases = append(cases, zshCase(v))
	}
	return strings.NewReplacer(
		"@VERBS@", strings.Join(list, "\n"),
		"@CASES@", strings.Join(cases, "\n"),
	).Replace(zshFrame)
}

// zshCase returns the arm of a verb: a call of _arguments.
func zshCase(v verb) string {
	text := fmt.Sprintf("    %s)\n      _arguments -S", v.name)
	for _, o := range v.options {
		spec := o.spelled()
		if o.argument != "" && len(o.name) > 1 {
			spec += "=" // --flag value and --flag=value are both read.
		}
		spec += "[" + zshEscape(o.about, "[]") + "]"
		if o.argument != "" {
			spec += ":" + zshEscape(o.argument, ":") + ":" + zshAction(o.kind, nil)
		}
		text += " \\\n        " + zshQuote(spec)
	}
	colons := "::"
	for i := range v.takes.most {
		if i < v.takes.least {
			colons = ":"
		} else {
			colons = "::"
		}
		text += " \\\n        " + zshQuote(colons+v.takes.kind+":"+zshAction(v.takes.kind, v.takes.words))
	}
	return text + "\n      ;;"
}

// zshAction is how the values of a kind are found: the words, and what the kind adds.
func zshAction(kind string, words []string) string {
	action := ""
	switch kind {
	case kindSlice:
		action = " _reprievectl_list slices" // The space keeps _arguments from adding arguments of its own.
	case kindEpisode:
		action = " _reprievectl_list episodes"
	case kindDirectory:
		action = "_files -/"
	case kindFile:
		action = "_files"
	case kindVerb:
		action = " _describe -t verbs verb verbs"
	}
	switch {
	case len(words) == 0 && action == "":
		return " "
	case len(words) == 0:
		return action
	case action == "":
		return "(" + strings.Join(words, " ") + ")"
	}
	return fmt.Sprintf(`{compadd -- %s; %s}`, strings.Join(words, " "), action)
}

// zshQuote writes a word of a zsh script.
func zshQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// zshEscape puts a backslash before each of the letters.
func zshEscape(text, letters string) string {
	for _, c := range letters {
		text = strings.ReplaceAll(text, string(c), `\`+string(c))
	}
	return text
}
