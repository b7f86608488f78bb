package memcg

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Process is a process for people to know it by, from /proc/PID/stat. That
// file, unlike cmdline, environ, maps and smaps, needs no lock and no page of
// the process's memory, and cannot hang with it.
type Process struct {
	PID   int
	Name  string // comm: what the process calls itself, 15 bytes of anything
	State byte   // 'R', 'S', 'D' (asleep in the kernel), 'T', 't' and so on, proc_pid_stat(5)
}

// threadsMax bounds the look at the threads of one process.
const threadsMax = 64

// describe returns the process where it is there and holds memory. A main
// thread that has exited is a zombie while its process may live on in other
// threads: then one of those speaks for it.
func describe(pid int) (Process, bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	p, threads, ok := statOf(dir)
	if !ok || !dead(p.State) {
		return p, ok
	}
	if threads <= 1 {
		return Process{}, false
	}
	for _, tid := range otherThreads(pid) {
		if t, _, ok := statOf(dir + "/task/" + tid); ok && !dead(t.State) {
			return Process{PID: pid, Name: p.Name, State: t.State}, true
		}
	}
	return Process{}, false
}

func dead(state byte) bool { return state == 'Z' || state == 'X' }

func statOf(dir string) (Process, int, bool) {
	text, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return Process{}, 0, false
	}
	p, threads, err := parseProcessStat(text)
	return p, threads, err == nil
}

// otherThreads returns the numbers of the process's threads but the main one.
func otherThreads(pid int) []string {
	dir, err := os.Open("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(threadsMax)
	others := names[:0]
	for _, name := range names {
		if name != strconv.Itoa(pid) {
			others = append(others, name)
		}
	}
	return others
}

// residentPages returns what the process has in memory, 0 where it is gone or
// has given it back. A main thread that has exited shows nothing though other
// threads hold the memory: these are asked then.
func residentPages(pid int) uint64 {
	dir := "/proc/" + strconv.Itoa(pid)
	if pages := statmOf(dir); pages > 0 {
		return pages
	}
	for _, tid := range otherThreads(pid) {
		if pages := statmOf(dir + "/task/" + tid); pages > 0 {
			return pages
		}
	}
	return 0
}

func statmOf(dir string) uint64 {
	text, err := os.ReadFile(dir + "/statm")
	if err != nil {
		return 0
	}
	pages, err := parseStatm(text)
	if err != nil {
		return 0
	}
	return pages
}

// parseProcessStat reads the number, the name, the state and the count of
// threads of /proc/PID/stat:
//
//	4711 (web worker) S 1 4711 4711 0 -1 4194560 1180 0 0 0 1 2 0 0 20 0 3 0 ...
//
// The name is between the first and the last parenthesis; it may hold both.
func parseProcessStat(text []byte) (p Process, threads int, err error) {
	open, shut := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || shut < open {
		return Process{}, 0, fmt.Errorf("%w: %q names no process", ErrMalformed, text)
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(text[:open])))
	fields := bytes.Fields(text[shut+1:]) // from the third on
	if err != nil || pid <= 0 || len(fields) < 18 || len(fields[0]) != 1 {
		return Process{}, 0, fmt.Errorf("%w: %q is no state of a process", ErrMalformed, text)
	}
	if threads, err = strconv.Atoi(string(fields[17])); err != nil {
		return Process{}, 0, fmt.Errorf("%w: %q is no count of threads", ErrMalformed, fields[17])
	}
	return Process{PID: pid, Name: string(text[open+1 : shut]), State: fields[0][0]}, threads, nil
}

// parseStatm reads the second number of /proc/PID/statm, the resident pages:
//
//	1843 402 310 6 0 227 0
func parseStatm(text []byte) (uint64, error) {
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("%w: statm %q", ErrMalformed, text)
	}
	pages, ok := decimal(fields[1])
	if !ok || pages > 1<<51 { // what 63 bits of bytes hold
		return 0, fmt.Errorf("%w: statm %q", ErrMalformed, text)
	}
	return pages, nil
}
