package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
)

// tagged is the version that the package was made for, set by the linker: make deb.
var tagged string

// version prints the version of the module that the binary was built from, and of Go.
func version(args []string, stdout, stderr io.Writer) int {
	asJSON := false
	if _, ok := parse("version", args, stderr, func(set *flag.FlagSet) { set.BoolVar(&asJSON, "json", false, "") }); !ok {
		return exitUsage
	}
	module, goVersion := "(unknown)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		if info.Main.Version != "" {
			module = info.Main.Version
		}
	}
	module = cmp.Or(tagged, module)
	if asJSON {
		if err := writeJSON(stdout, map[string]string{"version": module, "go": goVersion}); err != nil {
			fmt.Fprintln(stderr, "reprievectl version:", err)
			return exitFindings
		}
		return exitOK
	}
	if goVersion != "" {
		module += ", " + goVersion
	}
	out := &output{Writer: stdout}
	fmt.Fprintf(out, "reprievectl %s\n", module)
	return out.code("version", stderr, exitOK)
}
