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

	"reprieve/test/bench/report"
	"reprieve/test/bench/result"
)

// reportVerb writes the tables into a document between its marks, with the charts beside it, and the summary of the first suite into another:
// bench report -results DIR -document FILE -summary FILE SUITE... A chart that is there although there is nothing to draw is removed.
func reportVerb(args []string, _ io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	results := flags.String("results", "", "directory with SUITE.jsonl")
	document := flags.String("document", "", "Markdown file with the marks")
	summary := flags.String("summary", "", "Markdown file with the marks, for one table")
	flags.SetOutput(os.Stderr)
	if err := flags.Parse(args); err != nil {
		return err
	}
	var text, short strings.Builder
	for n, suite := range flags.Args() {
		runs, err := result.ReadFile(filepath.Join(*results, suite+".jsonl"))
		if err != nil {
			return err
		}
		valid := result.Valid(runs)
		chart := strings.TrimSuffix(*document, ".md") + "-" + suite + ".svg"
		if err := drawing(chart, report.Chart(suite, valid)); err != nil {
			return err
		}
		text.WriteString("\n" + report.Tables(suite, valid, filepath.Base(chart)))
		if n == 0 {
			short.WriteString("\n" + report.Summary(suite, valid) + "\n")
		}
		fmt.Fprintf(out, "bench: %s: %d runs in the tables, %d lines left out\n", suite, len(valid), len(runs)-len(valid))
	}
	return errors.Join(splice(*document, text.String()+"\n"), splice(*summary, short.String()))
}

// splice writes text between the marks of a file.
func splice(path, text string) error {
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	after, err := report.Splice(string(before), text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(after), 0o644)
}

// drawing writes a picture, or removes the one that is there where there is none to write.
func drawing(path, text string) error {
	if text != "" {
		return os.WriteFile(path, []byte(text), 0o644)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
