package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"reprieve/memcg"
	"reprieve/units"
)

// Ensure leaves are the groups that are held and stopped as one: leaf slices,
// units beside slices, never the inside of a unit, never what is no unit.
func TestLeavesBelow(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{
		"batch.slice/batch-a.slice/x.service/inner.slice",
		"batch.slice/batch-a.slice/y.service",
		"batch.slice/batch-b.slice/batch-b-c.slice/z.service",
		"batch.slice/batch-b.slice/loose.scope",
		"batch.slice/direct.service",
		"batch.slice/docker",
		"flat.slice/one.service",
		"flat.slice/two.service",
		"init.scope",
	} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := memcg.OpenTree(root, units.IsSlice)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	for _, tt := range []struct {
		path    string
		byUnits bool
		want    []string
	}{
		{"/batch.slice", false, []string{"batch-a.slice", "batch-b-c.slice", "loose.scope", "direct.service"}},
		{"/batch.slice", true, []string{"x.service", "y.service", "z.service", "loose.scope", "direct.service"}},
		{"/flat.slice", false, []string{"one.service", "two.service"}},
		{"/", false, []string{"batch-a.slice", "batch-b-c.slice", "loose.scope", "direct.service", "flat.slice", "init.scope"}},
	} {
		var got []string
		for _, n := range leavesBelow(tree.Lookup(tt.path), tt.byUnits) {
			got = append(got, n.Name)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("leavesBelow(%s, %v) = %v, want %v", tt.path, tt.byUnits, got, tt.want)
		}
	}
	var beside []string
	for _, n := range besides(tree.Lookup("/batch.slice/batch-b.slice")) {
		beside = append(beside, n.Name)
	}
	if want := []string{"batch-a.slice", "direct.service", "flat.slice", "init.scope"}; !slices.Equal(beside, want) {
		t.Errorf("besides(batch-b.slice) = %v, want %v", beside, want)
	}
}
