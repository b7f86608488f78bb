#compdef reprievectl
# Completion of reprievectl for zsh, made by "reprievectl completion zsh"; to be installed as _reprievectl in a directory of $fpath.

_reprievectl() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a verbs
  verbs=(
    'status:say whether the daemon can act, and how each watched slice fares, or SLICE alone'
    'top:show live how watched slices and the groups in them stall, and what the daemon does about it'
    'plan:say whom a stop would take now and why, in each watched slice or SLICE alone; nothing is done'
    'explain:say what holds for a slice and why: its settings, what they mean, whom they match now'
    'history:list the episodes that are recorded, the newest last, those of SLICE alone if given'
    'show:tell the story of one episode: what was seen, who was weighed, what was done, what came of it'
    'pause:have the daemon hold and stop nothing for a time, at most 24h'
    'release:lift the holds that are in force, of SLICE alone if given'
    'check:validate the configuration, of DIR alone if given, and show what it means'
    'doctor:say whether this host can do what Reprieve needs, and what to do where it cannot'
    'metrics:write what the daemon counts as metrics for Prometheus'
    'completion:write the completion script for a shell'
    'version:print the version'
    'help:print this text, or what VERB does, with its flags and examples'
  )
  _arguments -C '1:verb:->verb' '*::argument:->rest' && return
  case $state in
  verb) _describe -t verbs verb verbs ;;
  rest)
    curcontext=${curcontext%:*}-$words[1]:
    case $words[1] in
    status)
      _arguments -S \
        '--json[for programs]' \
        '--help[say what status does]' \
        '::slice: _reprievectl_list slices'
      ;;
    top)
      _arguments -S \
        '--help[say what top does]'
      ;;
    plan)
      _arguments -S \
        '--json[for programs]' \
        '--help[say what plan does]' \
        '::slice: _reprievectl_list slices'
      ;;
    explain)
      _arguments -S \
        '--json[for programs]' \
        '--help[say what explain does]' \
        ':slice: _reprievectl_list slices'
      ;;
    history)
      _arguments -S \
        '-n[the newest N; 0 is all, which --since has by default, else 20]:N: ' \
        '--since=[those that began then or later: as journalctl takes it]:WHEN: ' \
        '--follow[go on, and list new and changed ones as they come]' \
        '--json[for programs: an array, or with --follow one object a line]' \
        '--dir=[records that are there, as copied from another host]:DIR:_files -/' \
        '--help[say what history does]' \
        '::slice: _reprievectl_list slices'
      ;;
    show)
      _arguments -S \
        '-n[in place of EPISODE the N-th from the end: 1 is the last]:N: ' \
        '--policy[the policy that was in force as well, with where each value came from]' \
        '--pick=[whom another order would have taken: as stop.pick has it, with commas]:ORDER: ' \
        '--json[for programs: the whole record]' \
        '--dir=[records that are there, as copied from another host]:DIR:_files -/' \
        '--help[say what show does]' \
        '::episode:{compadd -- last;  _reprievectl_list episodes}'
      ;;
    pause)
      _arguments -S \
        '--json[for programs]' \
        '--help[say what pause does]' \
        ':duration:(10m 1h off)'
      ;;
    release)
      _arguments -S \
        '--json[for programs]' \
        '--help[say what release does]' \
        '::slice: _reprievectl_list slices'
      ;;
    check)
      _arguments -S \
        '--json[for programs]' \
        '--help[say what check does]' \
        '::directory:_files -/'
      ;;
    doctor)
      _arguments -S \
        '--json[for programs]' \
        '--help[say what doctor does]'
      ;;
    metrics)
      _arguments -S \
        '--output=[write to FILE, whole or not at all, in place of stdout]:FILE:_files' \
        '--help[say what metrics does]'
      ;;
    completion)
      _arguments -S \
        '--help[say what completion does]' \
        ':shell:(bash zsh fish)'
      ;;
    version)
      _arguments -S \
        '--json[for programs]' \
        '--help[say what version does]'
      ;;
    help)
      _arguments -S \
        '--help[say what help does]' \
        '::verb: _describe -t verbs verb verbs'
      ;;
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
