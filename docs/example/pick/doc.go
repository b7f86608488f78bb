// Package pick is the example of docs/plugins.md: a picker as it would be in
// plugins/pick, with its test. Nothing uses it; it is here so that the example
// compiles and its tests run.
package pick
