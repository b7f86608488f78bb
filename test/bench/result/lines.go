package result

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Read reads one run a line. An error names the line; blank lines are passed over.
func Read(r io.Reader) ([]Run, error) {
	var runs []Run
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		run, err := Parse(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		runs = append(runs, run)
	}
	return runs, lines.Err()
}

// Parse reads one line. A line without a load or a controller is an error: it is no run.
func Parse(line []byte) (Run, error) {
	var run Run
	if err := json.Unmarshal(line, &run); err != nil {
		return Run{}, err
	}
	if run.Load == "" || run.Controller == "" {
		return Run{}, fmt.Errorf("%q names no load or no controller", line)
	}
	return run, nil
}

// ReadFile is Read of a file; one that is not there has no runs.
func ReadFile(path string) ([]Run, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	runs, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return runs, nil
}

// Append writes a run to the end of a file, on disk when it returns: what was measured survives whatever comes next.
func Append(path string, run Run) (err error) {
	line, err := json.Marshal(run)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.Sync()
}

// Valid returns the runs that count: without those that failed, without those of a reprieved that is not the last one measured, and of
// several of one key the last.
func Valid(runs []Run) []Run {
	build := ""
	for _, run := range runs {
		if run.Build != "" && run.Error == "" {
			build = run.Build
		}
	}
	at := map[Key]int{}
	var valid []Run
	for _, run := range runs {
		if run.Error != "" || run.Build != "" && run.Build != build {
			continue
		}
		if old, ok := at[run.Key]; ok {
			valid[old] = run
			continue
		}
		at[run.Key] = len(valid)
		valid = append(valid, run)
	}
	return valid
}
