// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/field"
)

// foundBy collects the tests that a search of one value yields.
type foundBy map[int32]bool

func (f foundBy) add(tests []int32) {
	for _, i := range tests {
		f[i] = true
	}
}

// checkSearches holds the searches for prefixes, suffixes and substrings against
// plain ones.
func checkSearches(t *testing.T, texts []string, value string) {
	t.Helper()
	patterns, folded := map[string][]int32{}, map[string][]int32{}
	for i, text := range texts {
		patterns[text] = append(patterns[text], int32(i))
		l := string(refLower(text))
		folded[l] = append(folded[l], int32(i))
	}
	for _, s := range []struct {
		name   string
		search func(foundBy)
		holds  func(s, text string) bool
	}{
		{"prefixes", func(f foundBy) { searchAffixes(newAffixes(patterns, false), value, f) }, strings.HasPrefix},
		{"suffixes", func(f foundBy) { searchAffixes(newAffixes(patterns, true), value, f) }, strings.HasSuffix},
		{"substrings", func(f foundBy) { searchSubstrings(newAutomaton(patterns), value, f, (*index).scan) }, strings.Contains},
		{"folded substrings", func(f foundBy) { searchSubstrings(newAutomaton(folded), value, f, (*index).scanFolded) }, func(s, text string) bool {
			return strings.Contains(string(refLower(s)), string(refLower(text)))
		}},
	} {
		found := foundBy{}
		s.search(found)
		for i, text := range texts {
			if got, want := found[int32(i)], s.holds(value, text); got != want {
				t.Fatalf("%s of %q among %q: %q is found %v, want %v", s.name, value, texts, text, got, want)
			}
		}
	}
}

func searchAffixes(a *affixes, value string, found foundBy) {
	for i := a.longest(value); i >= 0; i = a.next[i] {
		found.add(a.tests[i])
	}
}

func searchSubstrings(a *automaton, value string, found foundBy, scan func(*index, *automaton, *field.Value)) {
	x := &index{serial: 1, stamps: make([]uint64, 1000), tests: make([]*node, 1000)}
	for i := range x.tests {
		x.tests[i] = &node{}
	}
	scan(x, a, &field.Value{S: value})
	found.add(x.hits)
}

func TestSearches(t *testing.T) {
	tests := []struct {
		texts  []string
		values []string
	}{
		{[]string{"he", "she", "his", "hers"}, []string{"ushers", "hishe", "h", ""}},
		{[]string{"", "a", "aa", "aaa", "aab"}, []string{"", "a", "aaaa", "baab", "b"}},
		{[]string{"/etc", "/etc/", "/etc/ssh", "/etc/shadow", "/et"}, []string{"/etc/shadow-", "/etc/passwd", "/etb", "/e", "/etcetera"}},
		{[]string{"Key", "kEY=", "AWS", "aws_key", "[", "{"}, []string{"AWS_KEY=1", "aws_kez", "[{", "@`"}},
		{[]string{"\xff", "\x00", "\xff\x00"}, []string{"\xff\x00", "a\x00\xff"}},
		{nil, []string{"", "x"}},
	}
	for _, tt := range tests {
		for _, v := range tt.values {
			checkSearches(t, tt.texts, v)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		b := make([]byte, r.IntN(n))
		for i := range b {
			b[i] = "abcA"[r.IntN(4)]
		}
		return string(b)
	}
	for range 2000 {
		texts := make([]string, r.IntN(12))
		for i := range texts {
			texts[i] = word(5)
		}
		checkSearches(t, texts, word(20))
	}
}

func FuzzSearches(f *testing.F) {
	f.Add("he she his hers", "ushers")
	f.Add("a aa ab  b", "aab")
	f.Fuzz(func(t *testing.T, texts, value string) {
		list := strings.Split(texts, " ")
		checkSearches(t, list[:min(len(list), 100)], value)
	})
}

// Which tests an index answers, and by what.
func TestLookupOf(t *testing.T) {
	tests := []struct {
		text  string
		kind  lookupKind
		texts []string
	}{
		{"proc.name = a", lookEqual, nil},
		{"proc.name in (a, b)", lookEqual, nil},
		{"proc.name = anyof (a, b)", lookEqual, nil},
		{"proc.name != a", lookNone, nil},
		{"proc.name startswith a", lookPrefix, []string{"a"}},
		{"proc.name startswith anyof (a, b)", lookPrefix, []string{"a", "b"}},
		{"proc.name startswith oneof (a, b)", lookNone, nil},
		{"proc.name startswith allof (a, b)", lookNone, nil},
		{"proc.name endswith a", lookSuffix, []string{"a"}},
		{"proc.name contains a", lookSubstring, []string{"a"}},
		{"proc.name icontains aB", lookFolded, []string{"ab"}},
		{"evt.buffer bcontains 6162", lookSubstring, []string{"ab"}},
		{"evt.buffer bstartswith 6162", lookPrefix, []string{"ab"}},
		{"fd.name pmatch (/etc, /x/*)", lookPath, []string{"/etc", "/x/*"}},
		{"fd.name glob /etc/*.conf", lookPrefix, []string{"/etc/"}},
		{"fd.name glob *.conf", lookNone, nil},
		{"fd.name regex /etc/.*", lookNone, nil},
		{"fd.num in (1, 2)", lookEqual, nil},
		{"fd.num > 1", lookNone, nil},
		{"fd.sip = 1.2.3.4", lookEqual, nil},
		{"fd.snet = 1.2.3.0/24", lookNone, nil},
		{"evt.failed = true", lookNone, nil},
		{"fd.types intersects (file)", lookEqual, nil},
		{"fd.types in (file)", lookNone, nil},
	}
	for _, tt := range tests {
		n, err := Parse(tt.text, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ck, _, err := Check(n)
		if err != nil {
			t.Fatal(err)
		}
		l, _ := lookupOf(ck.root.test, ck.root.test.left.typ)
		if l.kind != tt.kind || !slices.Equal(l.texts, tt.texts) {
			t.Errorf("%s: got kind %d of %q, want %d of %q", tt.text, l.kind, l.texts, tt.kind, tt.texts)
		}
	}
}
