// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

func TestScanner(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // path@line:col of every key
	}{
		{"empty", "", ""},
		{"only a comment", "# a = 1", ""},
		{"lines", "a = 1\n\n  b=2 # c = 3\r\n\tc\t=\t3", "a@1:1 b@3:3 c@4:2"},
		{"byte order mark", "\xef\xbb\xbfa = 1\nb = 2", "a@1:1 b@2:1"},
		{"two marks", "\xff\xfe\xef\xbb\xbfa = 1", "a@1:1"},
		{"dotted", "a.b = 1\na . c = 2", "a@1:1 a.b@1:3 a.c@2:5"},
		{"quoted", "\"a\\u002eb\" = 1\n'c = \"'.\"\" = 2\n\"\\\"]\" = 3", `a.b@1:1 c = "@2:1 c = ".@2:9 "]@3:1`},
		{"tables", "[a]\nx = 1\n[ b . c ]\nx = 2\n[b]\nx = 3", "a@1:2 a.x@2:1 b@3:3 b.c@3:7 b.c.x@4:1 b.x@6:1"},
		{"lists of tables", "[[a]]\nx = 1\n[[a]]\nx.y = 2\nx.z = 3\n[[a.b]]\n[a.c]\nd = 4",
			"a@1:3 a[0]@1:3 a[0].x@2:1 a[1]@3:3 a[1].x@4:1 a[1].x.y@4:3 a[1].x.z@5:3 a[1].b@6:5 a[1].b[0]@6:5 a[1].c@7:4 a[1].c.d@8:1"},
		{"inline tables", "a = {b = 1, c.d = '}', e = {}}\nf = 1",
			"a@1:1 a.b@1:6 a.c@1:13 a.c.d@1:15 a.e@1:24 f@2:1"},
		{"inline tables over lines", "a = { # b = 0\n  b = 1,\n}\nc = 2", "a@1:1 a.b@2:3 c@4:1"},
		{"lists", "a = [1, [2, '],'], {b = 3}, # c = 4\n {b = 5},\n]\nc = 6",
			"a@1:1 a[0]@1:1 a[1]@1:1 a[1][0]@1:1 a[1][1]@1:1 a[2]@1:1 a[2].b@1:21 a[3]@1:1 a[3].b@2:3 c@4:1"},
		{"texts", `a = "b = 1 \" # [c]"` + "\n" + `d = 'e = 1 \'` + "\nf = ''\ng = \"\"", "a@1:1 d@2:1 f@3:1 g@4:1"},
		{"long texts", "a = \"\"\"\nb = 1\n\\\"\"\" c = 2\n\"\"\"\"\"\nd = '''\n[e]\\'''''\nf = ''''''", "a@1:1 d@5:1 f@7:1"},
		{"dates and words", "a = 1979-05-27 07:32:00 # b\nc = [true,false]\nd = -inf", "a@1:1 c@2:1 c[0]@2:1 c[1]@2:1 d@3:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root, err := parse("", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(places("", root), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			checkScanner(t, tt.text)
		})
	}
}

func places(path string, n *node) []string {
	var list []string
	for i, kid := range n.kids {
		at := fmt.Sprintf("%s[%d]", path, i)
		if n.kind == table {
			at = join(path, n.keys[i])
		}
		list = append(list, fmt.Sprintf("%s@%d:%d", at, kid.at.Line, kid.at.Col))
		list = append(list, places(at, kid)...)
	}
	return list
}

// checkScanner wants the keys that the library finds in a document, no more and no less.
func checkScanner(t *testing.T, text string) {
	t.Helper()
	s := scanner{text: trimMark(text)}
	root := s.document()
	values := map[string]any{}
	if len(s.errs) > 0 {
		return
	}
	if _, err := toml.Decode(s.text, &values); err != nil {
		return
	}
	before := places("", root)
	root.fill(values)
	if diff := cmp.Diff(before, places("", root)); diff != "" {
		t.Fatalf("(-scanner +library)\n%s\n%s", diff, text)
	}
}

func TestScannerEnds(t *testing.T) {
	const deep = maxDocument / 4
	for _, text := range []string{
		"[", "[[a", "a", "a =", "a = [", "a = [}", "a = {", "a = {]", `a = "\`, `"\`, "= 1", "\xff", "a = '''b''", ".", "a..b", "]",
		strings.Repeat("a.", deep) + "a = 1", "[" + strings.Repeat("a.", deep) + "a]", strings.Repeat("a={", deep), "a=" + strings.Repeat("[", deep),
	} {
		if _, err := parse("", []byte(text)); !IsInvalid(err) {
			t.Errorf("%.20q: got %v", text, err)
		}
	}
}
