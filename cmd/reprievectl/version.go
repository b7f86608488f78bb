package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"
)

// tagged is the version that the package was made for, set by the linker: make deb.
var tagged string

// version prints the version of the module that the binary was built from, and of Go.
func version(args []string, stdout, stderr io.Writer) int {
	if _, ok := parse("version", args, stderr, nil); !ok {
		return exitUsage
	}
	module, goVersion := "(unknown)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = ", " + info.GoVersion
		if info.Main.Version != "" {
			module = info.Main.Version
		}
	}
	module = cmp.Or(tagged, module)
	fmt.Fprintf(stdout, "reprievectl %s%s\n", module, goVersion)
	return exitOK
}
