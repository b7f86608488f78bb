package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"reprieve/episodes"
	"reprieve/internal/terminal"
)

// The screen of show: as wide as the terminal within these bounds, and the least where there is none.
const (
	showNarrow = 80
	showWide   = 160
)

// showEpisode tells the story of one episode.
func showEpisode(args []string, stdout, stderr io.Writer) int {
	return showAt(args, stdout, stderr, thisArchive())
}

func showAt(args []string, stdout, stderr io.Writer, from archive) int {
	var asJSON, policy bool
	var pick []string
	own := from.store.Dir
	number := 0
	operands, ok := parse("show", args, stderr, func(set *flag.FlagSet) {
		set.Func("n", "", func(text string) (err error) {
			number, err = parseNumber(text, 1)
			return err
		})
		set.BoolVar(&asJSON, "json", false, "")
		set.BoolVar(&policy, "policy", false, "")
		set.Func("pick", "", func(text string) (err error) {
			pick, err = parsePick(text)
			return err
		})
		set.StringVar(&from.store.Dir, "dir", from.store.Dir, "")
	})
	if !ok {
		return exitUsage
	}
	which := strings.Join(operands, "")
	switch {
	case which == "last" && number == 0:
		number = 1
	case (which == "") == (number == 0):
		fmt.Fprintln(stderr, "reprievectl show: takes one of an episode's id or its beginning, last, a record's file, or -n N; "+
			"reprievectl history lists the episodes")
		return exitUsage
	}
	from.named = from.store.Dir != own
	path, err := from.locate(which, number)
	var r *episodes.Record
	if err == nil {
		r, err = episodes.Read(path)
	}
	var then *episodes.Verdict
	if err == nil && pick != nil {
		then = r.Verdict
		if r.Verdict, err = repick(r, pick); err != nil {
			err = fmt.Errorf("--pick: %w", err)
		}
	}
	if err == nil && asJSON {
		err = writeJSON(stdout, r)
	} else if err == nil {
		p := showPage{width: showWidth(stdout), heights: sparkHeights(os.Getenv), colours: terminal.Colours(stdout), zone: from.zone, then: then}
		_, err = io.WriteString(stdout, p.story(r, policy))
	}
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl show: %v\n", err)
		return exitFindings
	}
	return exitOK
}

// locate returns the file of a record: the number-th from the end, or what which says: the path of a file has a slash.
func (a archive) locate(which string, number int) (string, error) {
	switch {
	case number > 0:
		all, err := a.store.List(episodes.Filter{Newest: number})
		switch {
		case err != nil:
			return "", a.missing(err)
		case len(all) < number:
			return "", fmt.Errorf("there are %d records in %s, and none of number %d from the end", len(all), a.store.Dir, number)
		}
		return a.store.Path(all[number-1]), nil
	case strings.ContainsRune(which, filepath.Separator):
		return which, nil
	}
	e, err := a.store.Find(which)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", a.missing(err)
	case errors.Is(err, episodes.ErrUnknown) && isFile(which):
		return "", fmt.Errorf("%w; the path of a record's file has a slash: ./%s", err, which)
	case err != nil:
		return "", fmt.Errorf("%w; reprievectl history lists them", err)
	}
	return a.store.Path(e), nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// showWidth is how wide the page is.
func showWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !terminal.Is(w) {
		return showNarrow
	}
	columns, _ := terminal.Size(f)
	return min(max(columns, showNarrow), showWide)
}

// sparkHeights returns blocks where the locale has UTF-8, as setlocale(3) finds it, and ASCII elsewhere.
func sparkHeights(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		value := strings.ToLower(getenv(name))
		if value == "" {
			continue
		}
		if strings.Contains(value, "utf-8") || strings.Contains(value, "utf8") {
			return sparkBlocks
		}
		break
	}
	return sparkASCII
}
