# Completion of reprievectl for bash; installed as /usr/share/bash-completion/completions/reprievectl.

_reprievectl() {
  local cur=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "check release version help" -- "$cur")
  elif ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[1]} == check ]]; then
    # A slash after each directory, and no blank, so that the next one can follow.
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
  elif ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[1]} == release ]]; then
    # The slices that there are: only the daemon knows which of them are held, and it speaks with root alone. Names
    # have backslashes in them (system-systemd\x2dfsck.slice), which compgen -W would eat.
    local name rest
    while read -r name rest; do
      if [[ $name == "$cur"* ]]; then COMPREPLY+=("$(printf %q "$name")"); fi
    done < <(systemctl list-units --type=slice --plain --no-legend --no-pager 2>/dev/null)
  fi
}

complete -F _reprievectl reprievectl
