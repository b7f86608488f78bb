package main

import (
	"fmt"
	"io"
	"runtime/debug"
)

// version prints the version of the module that the binary was built from, and of Go.
func version(args []string, stdout, stderr io.Writer) int {
	if !noArguments("version", args, stderr) {
		return exitUsage
	}
	module, goVersion := "(unknown)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = ", " + info.GoVersion
		if info.Main.Version != "" {
			module = info.Main.Version
		}
	}
	fmt.Fprintf(stdout, "reprievectl %s%s\n", module, goVersion)
	return exitOK
}
