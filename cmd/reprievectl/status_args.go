package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
)

// sliceAndJSON reads the arguments of a verb that takes one slice or none, and --json. What is wrong is said on stderr.
func sliceAndJSON(verb string, args []string, stderr io.Writer) (slice string, asJSON, ok bool) {
	operands, ok := parse(verb, args, stderr, func(set *flag.FlagSet) { set.BoolVar(&asJSON, "json", false, "") })
	if !ok {
		return "", false, false
	}
	slice = strings.Join(operands, "")
	if slice != "" && !strings.HasSuffix(slice, ".slice") {
		fmt.Fprintf(stderr, "reprievectl %s: %q is no slice; the name of one ends with .slice, as in batch.slice\n", verb, slice)
		return "", false, false
	}
	return slice, asJSON, true
}

// writeJSON writes a value as all verbs do.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
