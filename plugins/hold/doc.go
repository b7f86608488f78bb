// Package hold holds the ways to hold a leaf, one small type each: Throttle
// brakes its growth, Freeze stops it, Raise lends it room. All have the same
// three methods, so that the daemon takes one for another.
//
// They have effects and may block in the kernel: workers run them, never the
// loop. What a hold replaces is in the ledger before a file is touched; where
// the ledger cannot be written nothing is held.
package hold
