# Completion of reprievectl for bash; installed as /usr/share/bash-completion/completions/reprievectl.

_reprievectl() {
  local cur=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "check version help" -- "$cur")
  elif ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[1]} == check ]]; then
    # A slash after each directory, and no blank, so that the next one can follow.
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
  fi
}

complete -F _reprievectl reprievectl
