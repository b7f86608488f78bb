package guest

import (
	"slices"
	"strings"
)

// services are the main PIDs of the services that run, by name.
type services map[string]string

// running asks systemd for them.
func running() (services, error) {
	text, err := command("systemctl", "show", "--property=Id,MainPID", "--all", "*.service")
	return parseServices(text), err
}

// parseServices reads blocks of lines with an empty one between them:
//
//	MainPID=154
//	Id=dbus.service
func parseServices(text string) services {
	all := services{}
	for block := range strings.SplitSeq(text, "\n\n") {
		var name, pid string
		for line := range strings.SplitSeq(block, "\n") {
			key, value, _ := strings.Cut(line, "=")
			switch key {
			case "Id":
				name = value
			case "MainPID":
				pid = value
			}
		}
		if name != "" && pid != "" && pid != "0" {
			all[name] = pid
		}
	}
	return all
}

// died returns those that do not run any more, or with another process, in order.
func (before services) died(after services) []string {
	var names []string
	for name, pid := range before {
		if after[name] != pid {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
