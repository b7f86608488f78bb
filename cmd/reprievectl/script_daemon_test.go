package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"reprieve/internal/control"
	"reprieve/internal/varlink"
	"reprieve/units/unitstest"
)

// ableFiles is the command able.
func ableFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: able HOST")
	}
	for name, text := range ableHost() {
		path := ts.MkAbs(filepath.Join(args[0], name))
		if strings.HasSuffix(name, "/") {
			ts.Check(os.MkdirAll(path, 0o755))
			continue
		}
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Check(os.WriteFile(path, []byte(text), 0o644))
	}
}

// scriptSocket listens on a socket of a script, in place of whoever did so before.
func scriptSocket(ts *testscript.TestScript, name string) *net.UnixListener {
	path := ts.MkAbs(name)
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	_ = os.Remove(path)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	ts.Check(err)
	return l
}

// scriptDaemon is the command daemon. A file of answers has a line for each: METHOD [SLICE] [!ERROR] {PARAMETERS}. A line with a slice
// is for calls of that slice alone, and a method that is in no line is unknown to this daemon.
func scriptDaemon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: daemon SOCKET ANSWERS, or daemon SOCKET -denies")
	}
	service := varlink.Service{Interfaces: []varlink.Interface{{Name: control.Interface, Methods: map[string]varlink.Method{}}}}
	if args[1] == "-denies" {
		service.Admit = func(uint32) bool { return false }
	} else {
		for method, answers := range scriptAnswers(ts.ReadFile(args[1])) {
			service.Interfaces[0].Methods[method] = answers.answer
		}
	}
	v := varlink.Serve(scriptSocket(ts, args[0]), service)
	ts.Defer(func() { v.Close() })
}

// scriptedAnswers are those of one method by their slices, "" for any.
type scriptedAnswers map[string]func() (any, error)

// scriptAnswers reads a file of answers.
func scriptAnswers(text string) map[string]scriptedAnswers {
	all := map[string]scriptedAnswers{}
	for line := range strings.Lines(text) {
		head, parameters, _ := strings.Cut(line, "{")
		answer := json.RawMessage("{" + parameters)
		method, slice, failure := "", "", ""
		for i, word := range strings.Fields(head) {
			name, fails := strings.CutPrefix(word, "!")
			switch {
			case i == 0:
				method = word
			case fails:
				failure = name
			default:
				slice = word
			}
		}
		if all[method] == nil {
			all[method] = scriptedAnswers{}
		}
		all[method][slice] = func() (any, error) {
			if failure == "" {
				return answer, nil
			}
			e := &varlink.Error{Name: failure}
			return nil, cmp.Or(json.Unmarshal(answer, &e.Parameters), error(e))
		}
	}
	return all
}

// answer is the method.
func (s scriptedAnswers) answer(_ context.Context, in json.RawMessage) (any, error) {
	var ask struct{ Slice string }
	if err := varlink.Decode(in, &ask); err != nil {
		return nil, err
	}
	if answer := s[ask.Slice]; answer != nil {
		return answer()
	}
	if answer := s[""]; answer != nil {
		return answer()
	}
	return nil, &varlink.Error{Name: control.ErrorNoSuchSlice, Parameters: map[string]any{"slice": ask.Slice}}
}

// scriptPeer is the command peer: it reads a call, and then closes, hangs, or talks garbage; one that is gone leaves its socket.
func scriptPeer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: peer SOCKET closes|hangs|garbage|gone")
	}
	l := scriptSocket(ts, args[0])
	ended := make(chan struct{})
	ts.Defer(func() { l.Close(); close(ended) })
	if args[1] == "gone" {
		l.SetUnlinkOnClose(false)
		l.Close()
		return
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = bufio.NewReader(conn).ReadString(0)
				switch args[1] {
				case "hangs":
					<-ended
				case "garbage":
					_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\x00")
				}
			}()
		}
	}()
}

// scriptSystemd is the command systemd.
func scriptSystemd(t *testing.T) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: systemd SOCKET")
		}
		path := ts.MkAbs(args[0])
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Defer(unitstest.Serve(t, path, serviceAnswers(serviceFacts())).Close)
	}
}
