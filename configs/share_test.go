package configs

import (
	"math"
	"testing"
)

// Ensure a share is read to the hundredth of a percent, and written as it was read.
func TestParseShare(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  Share
		wrote string // "" when it is not a share.
	}{
		{"20%", 2000, "20%"},
		{"100%", 10000, "100%"},
		{"0%", 0, "0%"},
		{"12.5%", 1250, "12.5%"},
		{"0.05%", 5, "0.05%"},
		{"0.10%", 10, "0.1%"},
		{"007%", 700, "7%"},
		{"100.01%", 0, ""},
		{"101%", 0, ""},
		{"700%", 0, ""}, // More than 16 bits of hundredths.
		{"1.234%", 0, ""},
		{"1.%", 0, ""},
		{".5%", 0, ""},
		{"%", 0, ""},
		{"", 0, ""},
		{"20", 0, ""},
		{"20 %", 0, ""},
		{"-1%", 0, ""},
		{"+1%", 0, ""},
		{"1_0%", 0, ""},
		{"1.-5%", 0, ""},
		{"20%%", 0, ""},
	} {
		got, ok := parseShare(test.text)
		if ok != (test.wrote != "") || ok && got != test.want {
			t.Errorf("parseShare(%q) = %d, %v, want %d, %v", test.text, got, ok, test.want, test.wrote != "")
		}
		if ok && got.String() != test.wrote {
			t.Errorf("parseShare(%q).String() = %q, want %q", test.text, got, test.wrote)
		}
	}
}

// Ensure a size is read in units of 1024 or as a share, and written as it was read.
func TestParseSize(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  Size
		wrote string // "" when it is not a size.
	}{
		{"512M", Size{Bytes: 512 << 20}, "512M"},
		{"1K", Size{Bytes: 1024}, "1K"},
		{"3T", Size{Bytes: 3 << 40}, "3T"},
		{"1024M", Size{Bytes: 1 << 30}, "1G"},
		{"1000", Size{Bytes: 1000}, "1000"},
		{"0", Size{}, "0"},
		{"2%", Size{Share: 200}, "2%"},
		{"18446744073709551615", Size{Bytes: math.MaxUint64}, "18446744073709551615"},
		{"16777216T", Size{}, ""},
		{"16777215T", Size{Bytes: 16777215 << 40}, "16777215T"},
		{"M", Size{}, ""},
		{"", Size{}, ""},
		{"512MB", Size{}, ""},
		{"512m", Size{}, ""},
		{"1.5G", Size{}, ""},
		{"-1", Size{}, ""},
		{"101%", Size{}, ""},
	} {
		got, ok := parseSize(test.text)
		if ok != (test.wrote != "") || ok && got != test.want {
			t.Errorf("parseSize(%q) = %+v, %v, want %+v, %v", test.text, got, ok, test.want, test.wrote != "")
		}
		if ok && got.String() != test.wrote {
			t.Errorf("parseSize(%q).String() = %q, want %q", test.text, got, test.wrote)
		}
	}
}

// Ensure a share of a total neither overflows nor goes above the total.
func TestSize_Of(t *testing.T) {
	for _, test := range []struct {
		size        Size
		total, want uint64
	}{
		{Size{Share: 200}, 1000, 20},
		{Size{Share: 1}, 9999, 0},
		{Size{Share: 1}, 10000, 1},
		{Size{Share: 10000}, math.MaxUint64, math.MaxUint64},
		{Size{Share: 5000}, math.MaxUint64, math.MaxUint64 / 2},
		{Size{Share: math.MaxUint32}, math.MaxUint64, math.MaxUint64},
		{Size{Share: 500}, 0, 0},
		{Size{Bytes: 512}, 100, 512},
		{Size{}, 100, 0},
	} {
		if got := test.size.Of(test.total); got != test.want {
			t.Errorf("%+v.Of(%d) = %d, want %d", test.size, test.total, got, test.want)
		}
	}
}
