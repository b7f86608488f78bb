package units

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// controlDirs are where "systemctl set-property" writes its drop-ins, with --runtime the second: unit_drop_in_dir of
// core/unit.c. In each there is a directory a unit, and in that a file a setting: batch.slice.d/50-ManagedOOMSwap.conf.
func controlDirs() []string {
	return []string{"/etc/systemd/system.control", "/run/systemd/system.control"}
}

// watchDropIns calls changed, from a goroutine of its own, when a ManagedOOM setting of a slice was written into one of dirs, or the
// directory for it was made, until the file it returns is closed. What does not exist yet is waited for.
func watchDropIns(dirs []string, changed func()) (*os.File, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch what systemctl set-property writes: %w", err)
	}
	// Not blocking, so that the runtime polls it and Close ends a read.
	file := os.NewFile(uintptr(fd), "inotify")
	if err := armDropIns(file, dirs); err != nil {
		file.Close()
		return nil, fmt.Errorf("watch what systemctl set-property writes: %w", err)
	}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := file.Read(buf)
			if err != nil {
				return
			}
			if concernsDropIns(buf[:n]) {
				_ = armDropIns(file, dirs) // what cannot be watched is found at the next reload
				changed()
			}
		}
	}()
	return file, nil
}

// armDropIns watches what there is: the directories above dirs, where they come to be, dirs, and in them those of slices. It may be
// repeated: a directory has one watch. What is made while it looks shows in a watch that it set before.
func armDropIns(file *os.File, dirs []string) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var errs []error
	err = raw.Control(func(fd uintptr) {
		watch := func(dir string) {
			_, err := unix.InotifyAddWatch(int(fd), dir, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ONLYDIR)
			if err != nil && !errors.Is(err, unix.ENOENT) {
				errs = append(errs, fmt.Errorf("%s: %w", dir, err))
			}
		}
		for _, dir := range dirs {
			watch(filepath.Dir(dir))
			watch(dir)
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				if strings.HasSuffix(e.Name(), ".slice.d") {
					watch(filepath.Join(dir, e.Name()))
				}
			}
		}
	})
	return errors.Join(err, errors.Join(errs...))
}

// concernsDropIns reports whether one of the events, inotify(7), is about a directory or a file that matters, or some were lost.
func concernsDropIns(events []byte) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		mask := binary.NativeEndian.Uint32(events[4:])
		end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
		if end > len(events) {
			return true
		}
		name := strings.TrimRight(string(events[unix.SizeofInotifyEvent:end]), "\x00")
		directory := strings.HasSuffix(name, ".control") || strings.HasSuffix(name, ".slice.d")
		if mask&unix.IN_Q_OVERFLOW != 0 || directory || strings.HasPrefix(name, "50-ManagedOOM") {
			return true
		}
		events = events[end:]
	}
	return false
}
