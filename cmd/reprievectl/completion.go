package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// shells are those that a completion can be written for.
func shells() []string { return []string{"bash", "zsh", "fish"} }

// completion prints the completion script for a shell. configs/completion has what it prints.
func completion(args []string, stdout, stderr io.Writer) int {
	of, ok := parse("completion", args, stderr, nil)
	if !ok {
		return exitUsage
	}
	text, err := completionScript(of[0], shown())
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl completion: %v\n", err)
		return exitUsage
	}
	out := &output{Writer: stdout}
	fmt.Fprint(out, text)
	return out.code("completion", stderr, exitOK)
}

// completionScript returns the completion script of a shell. The error says which shells there are.
func completionScript(shell string, all []verb) (string, error) {
	switch shell {
	case "bash":
		return bashScript(all), nil
	case "zsh":
		return zshScript(all), nil
	case "fish":
		return fishScript(all), nil
	}
	known := strings.Join(shells(), ", ")
	if guess := meant(shell, shells()); guess != "" {
		return "", fmt.Errorf("read %q, allowed: %s; did you mean %s?", shell, known, guess)
	}
	return "", fmt.Errorf("read %q, allowed: %s", shell, known)
}

// shown returns the verbs that are for people, each with a last flag for its help.
func shown() []verb {
	all := slices.DeleteFunc(verbs(), func(v verb) bool { return v.group == "" })
	for i := range all {
		all[i].options = append(slices.Clone(all[i].options), option{name: "help", about: "say what " + all[i].name + " does"})
	}
	return all
}

// verbNames returns the names of verbs.
func verbNames(all []verb) []string {
	var list []string
	for _, v := range all {
		list = append(list, v.name)
	}
	return list
}

// valued returns the names of the flags that something follows, without dashes; with a kind, of those that a thing of that kind follows.
func (v *verb) valued(kind string) []string {
	var list []string
	for _, o := range v.options {
		if o.argument != "" && (kind == "" || o.kind == kind) {
			list = append(list, o.name)
		}
	}
	return list
}
