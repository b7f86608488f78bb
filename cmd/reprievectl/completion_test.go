package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scriptFile is where the script of a shell is kept for `make install`.
func scriptFile(shell string) string { return "../../configs/completion/reprievectl." + shell }

// Ensure the scripts that are installed are those of the verbs that there are; -update writes them anew.
func TestCompletion_Files(t *testing.T) {
	for _, shell := range shells() {
		got, err := completionScript(shell, shown())
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(scriptFile(shell), []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(scriptFile(shell))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: -file +verbs (go test ./cmd/reprievectl -run TestCompletion -update writes it)\n%s", scriptFile(shell), diff)
		}
	}
}

// invented has all that an entry can have, so that the scripts are tested for more than what today's verbs need, and for what shells read
// as something else.
func invented() []verb {
	help := option{name: "help", about: "say what it does"}
	return []verb{
		{name: "check", about: "look: it's [all] \\ right, $HOME", takes: argument{kind: kindDirectory, most: 1}, options: []option{help}},
		{name: "release", about: "lift", takes: argument{kind: kindSlice, most: 1}, options: []option{help}},
		{name: "history", about: "tell", takes: argument{kind: kindSlice, most: 1}, options: []option{
			{name: "n", argument: "N", about: "so many"}, {name: "since", argument: "WHEN", about: "from [then: on] it's"},
			{name: "output", argument: "FILE", about: "into", kind: kindFile}, {name: "into", argument: "DIR", about: "into", kind: kindDirectory},
			{name: "json", about: "for programs"}, help,
		}},
		{name: "show", about: "tell one", takes: argument{kind: kindEpisode, words: []string{"last"}, least: 1, most: 1}, options: []option{help}},
		{name: "pause", about: "wait", takes: argument{kind: "duration", words: []string{"off"}, least: 1, most: 1}, options: []option{help}},
		{name: "version", about: "print", options: []option{help}},
		{name: "help", about: "say", takes: argument{kind: kindVerb, most: 1}, options: []option{help}},
	}
}

// shellHome makes a directory that holds a reprievectl which knows two slices and two episodes, and files to complete; and the script of a
// shell for the invented verbs. It skips the test where the shell is missing.
func shellHome(t *testing.T, shell string) (dir, file string) {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Skipf("%s is not installed: its completion script is not run", shell)
	}
	text, err := completionScript(shell, invented())
	if err != nil {
		t.Fatal(err)
	}
	dir = written(t, map[string]string{
		"script": text, "files/sub/": "", "files/sum.prom": "",
		"bin/reprievectl": "#!/bin/sh\n" +
			`case $2 in` + "\n" +
			`slices) printf '%s\t%s\n' 'batch.slice' 'watched' 'sys\x2dfsck.slice' '' '-.slice' '' ;;` + "\n" +
			`episodes) printf '%s\t%s\n' 0a1b 'batch.slice 12:00:00' 9f8e 'it'"'"'s: [x]' ;;` + "\n" +
			"esac\n",
	})
	if err := os.Chmod(filepath.Join(dir, "bin/reprievectl"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, "script")
}

// inShell runs a command of a shell in a home with nothing of the user's, and returns what it printed.
func inShell(t *testing.T, dir string, command ...string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = filepath.Join(dir, "files")
	cmd.Env = []string{"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + dir, "TERM=vt100", "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", command, err, out)
	}
	return string(out)
}

// completed is what a shell offers for a line, given as its words; the last one is under the cursor.
type completed struct {
	words []string
	want  []string
}

func typed(text string) []string { return strings.Split(text, " ") }

// typedLines are the cases for all shells. Names are unquoted.
func typedLines() []completed {
	return []completed{
		{typed(""), typed("check release history show pause version help")},
		{typed("he"), typed("help")},
		{typed("x"), nil},
		{typed("help ver"), typed("version")},
		{typed("help version "), nil},
		{typed("check "), typed("sub/")},
		{typed("release ba"), typed("batch.slice")},
		{typed("release sys"), typed(`sys\x2dfsck.slice`)},
		{typed("release -."), typed("-.slice")},
		{typed("release batch.slice "), nil},
		{typed("release -.slice "), nil},
		{typed("history --j"), typed("--json")},
		{typed("history --since yesterday --json b"), typed("batch.slice")},
		{typed("history -n 5 b"), typed("batch.slice")},
		{typed("history --since "), nil},
		{typed("history --since b"), nil},
		{typed("history --output su"), typed("sub/ sum.prom")},
		{typed("history --into su"), typed("sub/")},
		{typed("history batch.slice --js"), typed("--json")},
		{typed("show "), typed("last 0a1b 9f8e")},
		{typed("show 9"), typed("9f8e")},
		{typed("pause o"), typed("off")},
		{typed("version "), nil},
		{typed("nosuch "), nil},
	}
}

// offered compares what a shell offers, in any order.
func offered(t *testing.T, line completed, got []string) {
	t.Helper()
	want := slices.Sorted(slices.Values(line.want))
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("completion of %q = %q, want %q", line.words, got, want)
	}
}

// Ensure bash completes verbs, flags, and what the verb takes.
func TestCompletion_Bash(t *testing.T) {
	dir, file := shellHome(t, "bash")
	// Readline makes three words of --since=b.
	all := append(typedLines(), completed{typed("history --since = b"), nil}, completed{typed("history --output = su"), typed("sub sum.prom")},
		completed{typed("history --since = b b"), typed("batch.slice")}, completed{typed("release -- -"), typed("-.slice")},
		completed{typed(`release sys\\x`), typed(`sys\x2dfsck.slice`)}, completed{typed("history --output ="), typed("sub sum.prom")})
	for _, line := range all {
		out := inShell(t, dir, append([]string{"bash", "--norc", "-c", `
			set -u; source "$1"; shift; COMP_WORDS=(reprievectl "$@") COMP_CWORD=$#
			_reprievectl reprievectl "${!#}" x; printf '%s\n' "${COMPREPLY[@]+"${COMPREPLY[@]}"}"`, "bash", file}, line.words...)...)
		// Readline adds the slash after a directory, and takes the quotes away.
		for i := range line.want {
			line.want[i] = strings.TrimSuffix(line.want[i], "/")
		}
		offered(t, line, strings.Fields(strings.ReplaceAll(out, `\\`, `\`)))
	}
}

// Ensure fish completes verbs, flags, and what the verb takes.
func TestCompletion_Fish(t *testing.T) {
	dir, file := shellHome(t, "fish")
	inShell(t, dir, "fish", "--no-execute", file)
	for _, line := range append(typedLines(), completed{typed("history --output=su"), typed("--output=sub/ --output=sum.prom")}) {
		out := inShell(t, dir, "fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", file, "reprievectl "+strings.Join(line.words, " "))
		var got []string
		for offer := range strings.Lines(out) {
			name, _, _ := strings.Cut(strings.TrimSuffix(offer, "\n"), "\t")
			got = append(got, strings.ReplaceAll(name, `\\`, `\`))
		}
		offered(t, line, got)
	}
	out := inShell(t, dir, "fish", "--no-config", "-c", "source $argv[1]; complete -C 'reprievectl chec'", file)
	if want := "check\t" + invented()[0].about + "\n"; out != want {
		t.Errorf("completion of a verb with all that may be quoted: got %q, want %q", out, want)
	}
}

// zshHost is a shell that starts another one on a terminal, has it read the script, types the line given and a tab, and prints what became
// of the line, and what was listed below it.
const zshHost = `
zmodload zsh/zpty
cat >$1/ask <<'END'
PS1= RPS1= LISTMAX=0
fpath=($HOME/functions $fpath)
autoload -Uz compinit
compinit -u -d $HOME/dump
setopt no_auto_menu no_beep
zstyle ':completion:*' list-colors ''
report() { print -r -- "$BUFFER" >$HOME/line; exit }
zle -N report
bindkey '^I' complete-word
bindkey '^P' report
END
zpty z "HOME=$1 TERM=vt100 zsh -f -i"
zpty -w z "source $1/ask"
zpty -w -n z "$2"$'\t\x10'
while zpty -r z chunk; do :; done
cat $1/line
`

// Ensure zsh completes verbs, flags, and what the verb takes, as far as one match shows it.
func TestCompletion_Zsh(t *testing.T) {
	dir, file := shellHome(t, "zsh")
	inShell(t, dir, "zsh", "-f", "-n", file)
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, "functions"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "functions/_reprievectl"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ line, want string }{
		{"he", "help "},
		{"x", "x"},
		{"help ver", "help version "},
		{"help version ch", "help version ch"},
		{"check ", "check sub/"},
		{"release ba", "release batch.slice "},
		{"release sys", `release sys\\x2dfsck.slice `},
		{"release -.", "release -.slice "},
		{"release batch.slice b", "release batch.slice b"},
		{"history --j", "history --json "},
		{"history --since yesterday --json b", "history --since yesterday --json batch.slice "},
		{"history --since=yesterday b", "history --since=yesterday batch.slice "},
		{"history -n 5 b", "history -n 5 batch.slice "},
		{"history --since b", "history --since b"},
		{"history --output sum", "history --output sum.prom "},
		{"history --into su", "history --into sub/"},
		{"history batch.slice --js", "history batch.slice --json "},
		{"show l", "show last "},
		{"show 9", "show 9f8e "},
		{"pause o", "pause off "},
		{"version x", "version x"},
		{"nosuch x", "nosuch x"},
	} {
		got := inShell(t, dir, "zsh", "-f", "-c", zshHost, "zsh", dir, "reprievectl "+tt.line)
		if want := "reprievectl " + tt.want + "\n"; got != want {
			t.Errorf("completion of %q: got %q, want %q", tt.line, got, want)
		}
	}
}
