package main

import (
	"fmt"
	"strings"
)

// bashFrame is the script, with the verbs to be filled in.
const bashFrame = `# Completion of reprievectl for bash, made by "reprievectl completion bash"; to be installed as
# /usr/share/bash-completion/completions/reprievectl.

_reprievectl() {
  local cur=${COMP_WORDS[COMP_CWORD]} verbs='@VERBS@'
  local flags='' valued='' files='' directories='' kind='' words='' most=0 given=0 pending='' plain='' word i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
    return
  fi
  case ${COMP_WORDS[1]} in
@CASES@
  *) return ;;
  esac
  # What stands before the cursor: how many arguments, and whether a flag waits for its value. Readline makes three words of --flag=value.
  for ((i = 2; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $pending ]]; then
      if [[ $word != '=' ]]; then pending=''; fi
    elif [[ ! $plain && $word == -- ]]; then
      plain=1
    elif [[ ! $plain && $word == -* && $word != -.slice ]]; then
      word=${word#-}
      word=${word#-}
      if [[ " $valued " == *" $word "* ]]; then pending=$word; fi
    else
      ((++given))
    fi
  done
  if [[ $pending ]]; then
    if [[ $cur == '=' ]]; then cur=''; fi
    kind='' words=''
    if [[ " $files " == *" $pending "* ]]; then kind=file; fi
    if [[ " $directories " == *" $pending "* ]]; then kind=directory; fi
  else
    if [[ ! $plain && $cur == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur"); fi
    if ((given >= most)); then return; fi
  fi
  for word in $words; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi
  done
  case $kind in
  slice) _reprievectl_list "$1" slices "$cur" ;;
  episode)
    compopt -o nosort 2>/dev/null # The newest first.
    _reprievectl_list "$1" episodes "$cur"
    ;;
  directory | file)
    # A slash after each directory, and no blank, so that the next one can follow.
    compopt -o filenames 2>/dev/null
    if [[ $kind == directory ]]; then i=-d; else i=-f; fi
    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen "$i" -- "$cur")
    ;;
  esac
}

# _reprievectl_list PROGRAM KIND CUR adds what the program lists of a kind. Names have backslashes in them
# (system-systemd\x2dfsck.slice), which compgen -W would eat.
_reprievectl_list() {
  local name about quoted
  while IFS=$'\t' read -r name about; do
    printf -v quoted %q "$name"
    if [[ $name == "$3"* || $quoted == "$3"* ]]; then COMPREPLY+=("$quoted"); fi
  done < <("$1" __complete "$2" 2>/dev/null)
}

complete -F _reprievectl reprievectl
`

// bashScript returns the script for bash.
func bashScript(all []verb) string {
	var cases []string
	for _, v := range all {
		cases = append(cases, bashCase(v))
	}
	return strings.NewReplacer(
		"@VERBS@", strings.Join(verbNames(all), " "),
		"@CASES@", strings.Join(cases, "\n"),
	).Replace(bashFrame)
}

// bashCase returns the arm of a verb: what differs from a verb without flags and arguments.
func bashCase(v verb) string {
	var flags []string
	for _, o := range v.options {
		flags = append(flags, o.spelled())
	}
	words := v.takes.words
	kind := v.takes.kind
	switch kind {
	case kindVerb:
		words, kind = append([]string{"$verbs"}, words...), ""
	case kindSlice, kindEpisode, kindDirectory, kindFile:
	default:
		kind = ""
	}
	text := fmt.Sprintf("  %s) flags='%s'", v.name, strings.Join(flags, " "))
	for _, set := range []struct{ name, value string }{
		{"valued", strings.Join(v.valued(""), " ")},
		{"files", strings.Join(v.valued(kindFile), " ")},
		{"directories", strings.Join(v.valued(kindDirectory), " ")},
		{"kind", kind},
	} {
		if set.value != "" {
			text += fmt.Sprintf(" %s='%s'", set.name, set.value)
		}
	}
	if len(words) > 0 {
		// In double quotes, for the verbs.
		text += fmt.Sprintf(" words=%q", strings.Join(words, " "))
	}
	if v.takes.most > 0 {
		text += fmt.Sprintf(" most=%d", v.takes.most)
	}
	return text + " ;;"
}
