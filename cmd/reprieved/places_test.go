package main

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// Ensure there are threads for all who may wait in the kernel, and that they are there afterwards.
func TestStartThreads(t *testing.T) {
	if err := startThreads(); err != nil {
		t.Fatal(err)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if len(threads) < spareThreads {
		t.Errorf("%d threads, want %d at least", len(threads), spareThreads)
	}
}

// Ensure each type is asked for what it does not have, or its place has nothing to look up.
func TestUsePlaces(t *testing.T) {
	if _, ok := any(asked[int8]{}).(interface{ place() }); ok {
		t.Error("asked[int8] has the method place, want none to have it")
	}
	was := runtime.GOMAXPROCS(goPlaces)
	t.Cleanup(func() { runtime.GOMAXPROCS(was) })
	done := make(chan struct{})
	go func() { defer close(done); usePlaces() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("the places wait for each other without end")
	}
}

// Ensure it can be done where memory is not locked, and again.
func TestReadyPlaces(t *testing.T) {
	for range 2 {
		if err := readyPlaces(); err != nil {
			t.Errorf("readyPlaces() = %v", err)
		}
	}
}
