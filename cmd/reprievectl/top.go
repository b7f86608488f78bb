package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"reprieve/configs"
	"reprieve/internal/terminal"
	"reprieve/internal/top"
	"reprieve/plugins"
)

// topVerb shows live how watched slices stall, and what the daemon does about it.
func topVerb(args []string, stdout, stderr io.Writer) int {
	return topAt(args, stdout, stderr, thisHost(), nil)
}

// topAt is top of a host that lies somewhere; dirs are of the configuration, nil is configs.DefaultDirs.
func topAt(args []string, stdout, stderr io.Writer, from source, dirs []string) int {
	if _, ok := parse("top", args, stderr, nil); !ok {
		return exitUsage
	}
	screen, ok := stdout.(*os.File)
	if !ok || !terminal.Is(os.Stdin) || !terminal.Is(screen) {
		fmt.Fprintln(stderr, "reprievectl top: needs a terminal to read keys from and to draw on; reprievectl status tells once how things are")
		return exitFindings
	}
	host := top.Host{Gauge: from.host, Client: from.client}
	// Where the configuration cannot be read, all top-level slices are shown; check says what is wrong with it.
	if set, err := configs.Load(configs.Options{Dirs: dirs, Names: plugins.Names()}); err == nil {
		host.Watched = func(unit string) bool { return set.Policy(unit).Watched }
		host.Priority = func(unit string) int { return set.Policy(unit).Priority }
	}
	s := topScreen{keys: os.Stdin, screen: screen, host: host, model: top.NewModel(from.zone, terminal.Colours(screen))}
	if err := s.show(context.Background()); err != nil {
		fmt.Fprintf(stderr, "reprievectl top: %v\n", err)
		return exitFindings
	}
	return exitOK
}

// Times of top.
const (
	lookEvery = time.Second
	planEvery = 5 * time.Second
)
