// SPDX-License-Identifier: Apache-2.0

package state

import (
	"path"
	"strings"
	"testing"
)

func TestAppendClean(t *testing.T) {
	tests := []struct{ dir, path, want string }{
		{"/root/", "a", "/root/a"},
		{"/root", "a", "/root/a"},
		{"/", "a", "/a"},
		{"/root/", "/etc/shadow", "/etc/shadow"},
		{"/root/", "../etc//./shadow", "/etc/shadow"},
		{"/root/", "../../..", "/"},
		{"/root/", ".", "/root"},
		{"/root/", "", "/root"},
		{"/", "", "/"},
		{"/root/", "a/", "/root/a"},
		{"", "/", "/"},
		{"", "//", "/"},
		{"", "/a/b/../../..", "/"},
		{"", "a/./b", "a/b"},
		{"", "../a", "../a"},
		{"", "a/../../b", "../b"},
		{"", "", ""},
		{"<UNKNOWN>", "a", "<UNKNOWN>/a"},
		{"/a", "..b/...", "/a/..b/..."},
	}
	for _, tt := range tests {
		if got := string(AppendClean(nil, tt.dir, tt.path)); got != tt.want {
			t.Errorf("AppendClean(%q, %q): got %q, want %q", tt.dir, tt.path, got, tt.want)
		}
		if got := string(AppendClean([]byte("x="), tt.dir, []byte(tt.path))); got != "x="+tt.want {
			t.Errorf("AppendClean(x=, %q, %q): got %q", tt.dir, tt.path, got)
		}
	}
}

func FuzzAppendClean(f *testing.F) {
	f.Add("/root", "../a")
	f.Add("", "a/../..")
	f.Fuzz(func(t *testing.T, dir, p string) {
		got := string(AppendClean(nil, dir, p))
		full := p
		if !strings.HasPrefix(p, "/") {
			full = dir + "/" + p
		}
		if !strings.HasPrefix(p, "/") && !strings.HasPrefix(dir, "/") {
			return
		}
		if want := path.Clean(full); got != want {
			t.Errorf("AppendClean(%q, %q): got %q, want %q", dir, p, got, want)
		}
	})
}
