package main

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/memlock"
)

const (
	// spareThreads is how many threads there are, at least, for who waits in the kernel. The runtime
	// starts one when all that it has do, and that takes the kernel four pages side by side.
	spareThreads = goPlaces + 5
	// meetMost is how long the threads wait for each other. Fewer of them is no error.
	meetMost = 200 * time.Millisecond
)

// readyPlaces has the runtime make, before it is needed under pressure, what it makes at a
// first use: threads, and for each place to run Go code a piece of its own
// memory. And it brings in what follows of that.
func readyPlaces() error {
	if err := startThreads(); err != nil {
		return err
	}
	usePlaces()
	_, err := memlock.FillAhead()
	return err
}

// startThreads has spareThreads of them in the kernel at once. They stay.
func startThreads() error {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	defer unix.Close(fd)
	var there atomic.Int32
	var all sync.WaitGroup
	for range spareThreads {
		all.Go(func() {
			if there.Add(1) == spareThreads {
				var one [8]byte
				binary.NativeEndian.PutUint64(one[:], 1)
				_, _ = unix.Write(fd, one[:])
				return
			}
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(meetMost.Milliseconds()))
		})
	}
	all.Wait()
	return nil
}

// asked is a type of a name for each T. Types without one have no methods, and are not looked up.
type asked[T any] struct{}

// usePlaces has each place allocate of the runtime's own memory: the first question whether a type
// has an interface does, and takes it from the place's piece of 256 KiB (runtime/iface.go: getitab,
// runtime/malloc.go: persistentalloc). Who has asked keeps its place until all have. One that takes longer than ten
// milliseconds may lose it, and two then have asked at one place: so it is done three times.
func usePlaces() {
	for _, types := range [...][goPlaces]any{
		{asked[int8]{}, asked[int16]{}, asked[int32]{}},
		{asked[uint8]{}, asked[uint16]{}, asked[uint32]{}},
		{asked[bool]{}, asked[string]{}, asked[error]{}},
	} {
		var there atomic.Int32
		var all sync.WaitGroup
		for _, v := range types {
			all.Go(func() {
				if _, ok := v.(interface{ place() }); !ok { // none has; a result that nobody reads is not asked for
					there.Add(1)
				}
				for began := time.Now(); there.Load() < goPlaces && time.Since(began) < meetMost; {
				}
			})
		}
		all.Wait()
	}
}
