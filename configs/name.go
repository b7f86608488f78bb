package configs

import "strings"

// allSlices is the stem of the drop-ins for every slice, slice.d, as systemd has service.d for every service.
const allSlices = "slice"

// rootSlice is the slice of the cgroup root.
const rootSlice = "-.slice"

// validSlice reports whether name is the name of a slice unit, as systemd's slice_name_is_valid has it: parts with a
// dash between, none of them empty; or "-.slice". Templates have no slices.
func validSlice(name string) bool {
	parts, ok := strings.CutSuffix(name, ".slice")
	if !ok || len(name) > 255 {
		return false
	}
	if parts == "-" {
		return true
	}
	for part := range strings.SplitSeq(parts, "-") {
		if part == "" || strings.Trim(part, nameBytes) != "" {
			return false
		}
	}
	return true
}

// nameBytes are the bytes of the name of a unit but for the dash, which has a meaning in slices, and the @ of templates.
const nameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\"

// validStem reports whether drop-ins may lie in stem + ".d": a slice, a prefix of slices ("user-.slice"), or "slice".
func validStem(stem string) bool {
	if stem == allSlices || validSlice(stem) {
		return true
	}
	prefix, ok := strings.CutSuffix(stem, "-.slice")
	return ok && prefix != "-" && validSlice(prefix+".slice")
}

// stems returns the stems that drop-ins of a slice may have but for "slice", the most specific first: for
// "a-b-c.slice" itself, "a-b-.slice" and "a-.slice" (systemd's unit_file_find_dirs). A prefix has those of its slices
// that are not a slice's own.
func stems(slice string) []string {
	list := []string{slice}
	rest := strings.TrimSuffix(strings.TrimSuffix(slice, ".slice"), "-")
	for {
		dash := strings.LastIndexByte(rest, '-')
		if dash <= 0 {
			return list
		}
		rest = rest[:dash]
		list = append(list, rest+"-.slice")
	}
}
