# Completion of reprievectl for bash, made by "reprievectl completion bash"; to be installed as
# /usr/share/bash-completion/completions/reprievectl.

_reprievectl() {
  local cur=${COMP_WORDS[COMP_CWORD]} verbs='status top plan explain history show pause release check doctor metrics completion version help'
  local flags='' valued='' files='' directories='' kind='' words='' most=0 given=0 pending='' plain='' word i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
    return
  fi
  case ${COMP_WORDS[1]} in
  status) flags='--json --help' kind='slice' most=1 ;;
  top) flags='--help' ;;
  plan) flags='--json --help' kind='slice' most=1 ;;
  explain) flags='--json --help' kind='slice' most=1 ;;
  history) flags='-n --since --follow --json --dir --help' valued='n since dir' directories='dir' kind='slice' most=1 ;;
  show) flags='-n --policy --pick --json --dir --help' valued='n pick dir' directories='dir' kind='episode' words="last" most=1 ;;
  pause) flags='--json --help' words="10m 1h off" most=1 ;;
  release) flags='--json --help' kind='slice' most=1 ;;
  check) flags='--json --help' kind='directory' most=1 ;;
  doctor) flags='--json --help' ;;
  metrics) flags='--output --help' valued='output' files='output' ;;
  completion) flags='--help' words="bash zsh fish" most=1 ;;
  version) flags='--json --help' ;;
  help) flags='--help' words="$verbs" most=1 ;;
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
