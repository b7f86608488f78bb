# Completion of reprievectl for fish, made by "reprievectl completion fish"; to be installed as
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
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a status -d 'say whether the daemon can act, and how each watched slice fares, or SLICE alone'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a top -d 'show live how watched slices and the groups in them stall, and what the daemon does about it'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a plan -d 'say whom a stop would take now and why, in each watched slice or SLICE alone; nothing is done'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a explain -d 'say what holds for a slice and why: its settings, what they mean, whom they match now'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a history -d 'list the episodes that are recorded, the newest last, those of SLICE alone if given'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a show -d 'tell the story of one episode: what was seen, who was weighed, what was done, what came of it'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a pause -d 'have the daemon hold and stop nothing for a time, at most 24h'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a release -d 'lift the holds that are in force, of SLICE alone if given'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a check -d 'validate the configuration, of DIR alone if given, and show what it means'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a doctor -d 'say whether this host can do what Reprieve needs, and what to do where it cannot'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a metrics -d 'write what the daemon counts as metrics for Prometheus'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a completion -d 'write the completion script for a shell'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a version -d 'print the version'
complete -c reprievectl -n 'test (count (commandline -opc)) -eq 1' -a help -d 'print this text, or what VERB does, with its flags and examples'

complete -c reprievectl -n '__reprievectl_verb status' -l json -d 'for programs'
complete -c reprievectl -n '__reprievectl_verb status' -l help -d 'say what status does'
complete -c reprievectl -n '__reprievectl_wants status 1' -a '(reprievectl __complete slices 2>/dev/null)'

complete -c reprievectl -n '__reprievectl_verb top' -l help -d 'say what top does'

complete -c reprievectl -n '__reprievectl_verb plan' -l json -d 'for programs'
complete -c reprievectl -n '__reprievectl_verb plan' -l help -d 'say what plan does'
complete -c reprievectl -n '__reprievectl_wants plan 1' -a '(reprievectl __complete slices 2>/dev/null)'

complete -c reprievectl -n '__reprievectl_verb explain' -l json -d 'for programs'
complete -c reprievectl -n '__reprievectl_verb explain' -l help -d 'say what explain does'
complete -c reprievectl -n '__reprievectl_wants explain 1' -a '(reprievectl __complete slices 2>/dev/null)'

complete -c reprievectl -n '__reprievectl_verb history' -s n -x -d 'the newest N; 0 is all, which --since has by default, else 20'
complete -c reprievectl -n '__reprievectl_verb history' -l since -x -d 'those that began then or later: as journalctl takes it'
complete -c reprievectl -n '__reprievectl_verb history' -l follow -d 'go on, and list new and changed ones as they come'
complete -c reprievectl -n '__reprievectl_verb history' -l json -d 'for programs: an array, or with --follow one object a line'
complete -c reprievectl -n '__reprievectl_verb history' -l dir -x -a '(__fish_complete_directories)' -d 'records that are there, as copied from another host'
complete -c reprievectl -n '__reprievectl_verb history' -l help -d 'say what history does'
complete -c reprievectl -n '__reprievectl_wants history 1 n since dir' -a '(reprievectl __complete slices 2>/dev/null)'

complete -c reprievectl -n '__reprievectl_verb show' -s n -x -d 'in place of EPISODE the N-th from the end: 1 is the last'
complete -c reprievectl -n '__reprievectl_verb show' -l policy -d 'the policy that was in force as well, with where each value came from'
complete -c reprievectl -n '__reprievectl_verb show' -l pick -x -d 'whom another order would have taken: as stop.pick has it, with commas'
complete -c reprievectl -n '__reprievectl_verb show' -l json -d 'for programs: the whole record'
complete -c reprievectl -n '__reprievectl_verb show' -l dir -x -a '(__fish_complete_directories)' -d 'records that are there, as copied from another host'
complete -c reprievectl -n '__reprievectl_verb show' -l help -d 'say what show does'
complete -c reprievectl -n '__reprievectl_wants show 1 n pick dir' -a 'last'
complete -c reprievectl -n '__reprievectl_wants show 1 n pick dir' -k -a '(reprievectl __complete episodes 2>/dev/null)'

complete -c reprievectl -n '__reprievectl_verb pause' -l json -d 'for programs'
complete -c reprievectl -n '__reprievectl_verb pause' -l help -d 'say what pause does'
complete -c reprievectl -n '__reprievectl_wants pause 1' -a '10m 1h off'

complete -c reprievectl -n '__reprievectl_verb release' -l json -d 'for programs'
complete -c reprievectl -n '__reprievectl_verb release' -l help -d 'say what release does'
complete -c reprievectl -n '__reprievectl_wants release 1' -a '(reprievectl __complete slices 2>/dev/null)'

complete -c reprievectl -n '__reprievectl_verb check' -l json -d 'for programs'
complete -c reprievectl -n '__reprievectl_verb check' -l help -d 'say what check does'
complete -c reprievectl -n '__reprievectl_wants check 1' -a '(__fish_complete_directories (commandline -ct))'

complete -c reprievectl -n '__reprievectl_verb doctor' -l json -d 'for programs'
complete -c reprievectl -n '__reprievectl_verb doctor' -l help -d 'say what doctor does'

complete -c reprievectl -n '__reprievectl_verb metrics' -l output -r -F -d 'write to FILE, whole or not at all, in place of stdout'
complete -c reprievectl -n '__reprievectl_verb metrics' -l help -d 'say what metrics does'

complete -c reprievectl -n '__reprievectl_verb completion' -l help -d 'say what completion does'
complete -c reprievectl -n '__reprievectl_wants completion 1' -a 'bash zsh fish'

complete -c reprievectl -n '__reprievectl_verb version' -l json -d 'for programs'
complete -c reprievectl -n '__reprievectl_verb version' -l help -d 'say what version does'

complete -c reprievectl -n '__reprievectl_verb help' -l help -d 'say what help does'
complete -c reprievectl -n '__reprievectl_wants help 1' -a 'status top plan explain history show pause release check doctor metrics completion version help'
