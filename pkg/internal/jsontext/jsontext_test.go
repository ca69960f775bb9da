// SPDX-License-Identifier: Apache-2.0

package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendString(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", `""`},
		{"plain /etc/passwd", `"plain /etc/passwd"`},
		{`a"b\c`, `"a\"b\\c"`},
		{"\b\f\n\r\t\x00\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\""},
		{"<a>&'/", `"<a>&'/"`},
		{"grüße €𝄞", `"grüße €𝄞"`},
		{"\u2028\u2029", "\"\u2028\u2029\""},
		{"a\xffb", `"a�b"`},
		{"\x80\x80", `"��"`},
		{"\xe2\x82", `"�"`},            // cut character: one fault
		{"\xe2\x82a", `"�a"`},          // broken by a letter
		{"\xf0\x9d\x84", `"�"`},        // cut character of four
		{"\xe0\x80", `"��"`},           // overlong: the second byte never belonged
		{"\xed\xa0\x80", `"���"`},      // surrogate
		{"\xf4\x90\x80\x80", `"����"`}, // above the last
		{"\xc0\xaf", `"��"`},
		{"\xe2\x82\xe2\x82\xac", `"�€"`},
	}
	for _, tt := range tests {
		if got := string(AppendString(nil, tt.in)); got != tt.want {
			t.Errorf("AppendString(%q): got %s, want %s", tt.in, got, tt.want)
		}
		if got := string(AppendString(nil, []byte(tt.in))); got != tt.want {
			t.Errorf("AppendString(bytes %q): got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	in, buf := []byte("cat \"/etc/shadow\"\n\xff"), make([]byte, 0, 100)
	if n := testing.AllocsPerRun(100, func() { buf = AppendString(buf[:0], in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\xff\"")
	f.Fuzz(func(t *testing.T, s string) {
		out := AppendString(nil, s)
		var back string
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%q gives %s: %v", s, out, err)
		}
		if want := s; utf8.ValidString(s) && back != want {
			t.Fatalf("%q reads back as %q", s, back)
		}
		if !utf8.Valid(out) || strings.ContainsAny(string(out), "\n\r") {
			t.Fatalf("%q gives %q", s, out)
		}
	})
}
