// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHideSecrets(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"a: b // c", "a: b // c"},
		{"http://h:80", "http://h:80"},
		{"http://h/", "http://h/"},
		{"https://user:pass@h:80/", "https://***@h:80/"},
		{"https://user:pa@ss@h", "https://***@h"},
		{"https://user:pa/ss@h", "https://***"},
		{"https://h/services/T0/B0/XYZ?a=b", "https://h/***"},
		{"https://h?token=x", "https://h?***"},
		{`-o url="https://u:p@h/x": unknown, and ftp://q@r`, `-o url="https://***@h/***": unknown, and ftp://***@r`},
	}
	for _, tt := range tests {
		if got := HideSecrets(tt.in); got != tt.want {
			t.Errorf("HideSecrets(%s): got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	tests := []struct{ url, program, wantURL, wantProgram string }{
		{"", "", "", ""},
		{"https://u:p@h/x", "/usr/bin/curl -u a:b https://h/", "https://***@h/***", "/usr/bin/curl ***"},
		{"u:p@h/x", "TOKEN=abc curl", "***", "***"},
		{"https://h/a b", "logger", "***", "logger"},
		{"https://u:p'q@h/x", "'a b' c", "https://***@h/***", "***"},
	}
	for _, tt := range tests {
		c := Default()
		c.HTTPOutput.URL, c.ProgramOutput.Program = tt.url, tt.program
		safe := c.WithoutSecrets()
		if safe.HTTPOutput.URL != tt.wantURL || safe.ProgramOutput.Program != tt.wantProgram {
			t.Errorf("%s and %s: got %s and %s", tt.url, tt.program, safe.HTTPOutput.URL, safe.ProgramOutput.Program)
		}
		if c.HTTPOutput.URL != tt.url || c.ProgramOutput.Program != tt.program {
			t.Error("the configuration itself has changed")
		}
	}
	if diff := cmp.Diff(Default(), Default().WithoutSecrets()); diff != "" {
		t.Errorf("the default has secrets (-want +got):\n%s", diff)
	}
	c := Default()
	c.AppendOutput = []OutputAddition{{ExtraOutput: "see https://h/token", ExtraFields: []ExtraField{{Name: "a", Output: "b://c:d@e"}}}}
	safe := c.WithoutSecrets().AppendOutput[0]
	if safe.ExtraOutput != "see https://h/***" || safe.ExtraFields[0].Output != "b://***@e" || c.AppendOutput[0].ExtraFields[0].Output != "b://c:d@e" {
		t.Errorf("append_output: %v of %v", safe, c.AppendOutput)
	}
}
