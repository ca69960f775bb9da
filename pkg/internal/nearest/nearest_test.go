// SPDX-License-Identifier: Apache-2.0

package nearest

import (
	"strings"
	"testing"
)

func TestTo(t *testing.T) {
	names := []string{"proc.name", "proc.pname", "proc.exe", "fd.name", "json_output"}
	tests := []struct{ word, want string }{
		{"proc.nam", "proc.name"},
		{"proc.nmae", "proc.name"},
		{"json_ouput", "json_output"},
		{"json-output", "json_output"},
		{"fd.nam", "fd.name"},
		{"", ""},
		{"x", ""},
		{"json", "json_output"},
		{"proc.", ""},
		{"js", ""},
		{"evt.type", ""},
		{strings.Repeat("proc.name", 100), ""},
	}
	for _, tt := range tests {
		if got := To(tt.word, names); got != tt.want {
			t.Errorf("To(%q): got %q, want %q", tt.word, got, tt.want)
		}
	}
}
