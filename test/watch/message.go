package watch

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// The MESSAGE_IDs of the daemon, as its catalog has them.
const (
	Started   = "40868ea7ae8f4eee96059381b458c40c"
	Breach    = "eddce819473148bb84b99580d910ec68"
	Hold      = "8c29c0d12bf0490a9286014b2c04a49b"
	Relief    = "77bae3f1389d4d81923c21e502605f9d"
	Stop      = "813f3b1874dc47ab9aa5472c942dd1ab"
	Stopped   = "a7452aab967443f4aaeb384b853c1d7c"
	Settled   = "c2b960401851416e8e7bf732b9650777"
	Kernel    = "6c0dbfc6b43a43e1b62c8803fb25b80f"
	Revived   = "fe18d643576143ba99ee6d6ffc958c04"
	Step      = "4962b306865147828be10a0d96f106b7"
	Hooks     = "d30c9d9cfb2b418a8b17e63897c004d1"
	Acquitted = "99d38dca0e9c485ca7089569cc321eb3"
	StaysDown = "1f85a9594e774cb2bc830965f5d845c2"
	Guarded   = "08340d07677f487da033d9a4d5932345"
	Failed    = "106f77376d894ca3bafb05d2e7623017"
	Kept      = "ce7c13b5f8d14c0084144c5f3cd89896"
	Released  = "975bc66ce7bc4337a04dad1605cf18cc"
	Watched   = "e5ee6c77196f4ffa81d7b0afb10a005c"
)

// Kind names a MESSAGE_ID of the daemon; another one is returned as it is.
func Kind(id string) string {
	names := map[string]string{
		Started: "started", Breach: "breach", Hold: "hold", Relief: "relief", Stop: "stop", Stopped: "stopped",
		Settled: "settled", Kernel: "kernel", Revived: "revived", StaysDown: "stays down", Acquitted: "acquitted", Failed: "failed",
		Kept: "kept", Released: "released", Watched: "watched", Step: "step", Hooks: "hooks", Guarded: "guarded",
	}
	if name, ok := names[id]; ok {
		return name
	}
	return id
}

// Message is one entry of the journal, its fields by name.
type Message map[string]string

// Kind names the message's MESSAGE_ID; "" for a plain line.
func (m Message) Kind() string { return Kind(m["MESSAGE_ID"]) }

// At is when journald took the message, since boot.
func (m Message) At() time.Duration {
	micros, _ := strconv.ParseInt(m["__MONOTONIC_TIMESTAMP"], 10, 64) // journalctl writes nothing else
	return time.Duration(micros) * time.Microsecond
}

// Has tells whether the message has these fields with these values: Has("UNIT", "a.slice", "REPRIEVE_OBSERVE", "1").
func (m Message) Has(fields ...string) bool {
	for at := 0; at+1 < len(fields); at += 2 {
		if m[fields[at]] != fields[at+1] {
			return false
		}
	}
	return true
}

// UnmarshalJSON reads a line of journalctl --output=json. A value there is a string; a list of bytes where it is not plain text; or a
// list of values where the field is there more than once, of which the first counts.
func (m *Message) UnmarshalJSON(line []byte) error {
	var raw map[string]any
	if err := json.Unmarshal(line, &raw); err != nil {
		return err
	}
	*m = make(Message, len(raw))
	for name, value := range raw {
		(*m)[name] = fieldText(value)
	}
	return nil
}

func fieldText(value any) string {
	list, ok := value.([]any)
	if !ok {
		return fmt.Sprint(value)
	}
	var text []byte
	for _, element := range list {
		octet, ok := element.(float64)
		if !ok {
			return fieldText(element)
		}
		text = append(text, byte(octet))
	}
	return string(text)
}
