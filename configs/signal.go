package configs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// plainSignals are the signals that a step may send, beside those of real time. SIGKILL and SIGSTOP leave nothing to handle.
var plainSignals = []string{"HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "WINCH", "CONT"}

// realTime is SIGRTMIN of the C library, which is what systemd means by the name; it keeps two of the kernel's for itself.
// There are 30 more above it (signal(7)).
const realTime, realTimeMore = 34, 30

// signals is the name of a signal, with or without its SIG. Its value has it.
func signals() kind[string] {
	return kind[string]{
		allowed: quoted(plainSignals, "or") + `, or "RTMIN" to "RTMIN+30", with or without SIG in front`,
		parse: func(raw any) (string, bool) {
			text, _ := raw.(string)
			name := strings.TrimPrefix(text, "SIG")
			if slices.Contains(plainSignals, name) || name == "RTMIN" {
				return "SIG" + name, true
			}
			n, ok := aboveRealTime(name)
			return fmt.Sprintf("SIGRTMIN+%d", n), ok
		},
	}
}

// aboveRealTime reads "RTMIN+3".
func aboveRealTime(name string) (n int, ok bool) {
	digits, ok := strings.CutPrefix(name, "RTMIN+")
	number, err := strconv.ParseUint(digits, 10, 8)
	return int(number), ok && err == nil && number >= 1 && number <= realTimeMore
}

// SignalNumber returns the number of Signal as of signal(7), or 0 where there is none.
func (s Step) SignalNumber() int {
	switch s.Signal {
	case "SIGHUP":
		return int(syscall.SIGHUP)
	case "SIGINT":
		return int(syscall.SIGINT)
	case "SIGQUIT":
		return int(syscall.SIGQUIT)
	case "SIGUSR1":
		return int(syscall.SIGUSR1)
	case "SIGUSR2":
		return int(syscall.SIGUSR2)
	case "SIGTERM":
		return int(syscall.SIGTERM)
	case "SIGWINCH":
		return int(syscall.SIGWINCH)
	case "SIGCONT":
		return int(syscall.SIGCONT)
	case "SIGRTMIN":
		return realTime
	}
	if n, ok := aboveRealTime(strings.TrimPrefix(s.Signal, "SIG")); ok {
		return realTime + n
	}
	return 0
}
