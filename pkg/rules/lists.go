// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bytes"
	"slices"
	"strings"
)

// Lists are replaced in the text of a condition, before it is parsed: each list
// in definition order, each occurrence of its name between delimiters. Inside
// quoted texts too; there is no order of visibility.

// isDelim tells the characters that end a list name in a condition.
func isDelim(c byte) bool { return isSpace(c) || c == '(' || c == ')' || c == ',' || c == '=' }

// quoteItem wraps an item with a blank in quotes, unless it brings its own.
func quoteItem(s string) string {
	if strings.ContainsRune(s, ' ') && s[0] != '"' && s[0] != '\'' {
		return `"` + s + `"`
	}
	return s
}

// resolveLists opens the lists that lists name, one level deep, and returns the
// text that stands for each list.
func (d *definitions) resolveLists() *substitutions {
	subs := &substitutions{all: make([]substitution, len(d.lists.all)), byName: map[string]int{}}
	for i, l := range d.lists.all {
		var items []string
		var inner []*listDef
		for _, item := range l.items {
			other := d.lists.get(item)
			if other == nil || other.first >= l.last {
				items = append(items, quoteItem(item))
				continue
			}
			other.used = true
			inner = append(inner, other)
			for _, inner := range other.items {
				items = append(items, quoteItem(inner))
			}
		}
		subs.add(i, substitution{list: l, name: []byte(l.name), text: strings.Join(items, ", "), inner: inner})
	}
	return subs
}

// substitutions are what stands for all lists, in definition order.
type substitutions struct {
	all    []substitution
	byName map[string]int // those whose name is one word
	odd    []int          // the others
}

func (s *substitutions) add(i int, sub substitution) {
	s.all[i] = sub
	if len(sub.name) == 0 || slices.ContainsFunc(sub.name, isDelim) {
		s.odd = append(s.odd, i)
		return
	}
	s.byName[sub.list.name] = i
}

// named marks the lists whose name stands in a text.
func (s *substitutions) named(marks []bool, text []byte) {
	for start := 0; start < len(text); {
		end := start
		for end < len(text) && !isDelim(text[end]) {
			end++
		}
		if i, ok := s.byName[string(text[start:end])]; ok {
			marks[i] = true
		}
		start = end + 1
	}
}

type substitution struct {
	list  *listDef
	name  []byte
	text  string
	inner []*listDef // lists that the list names
}

// substitute replaces all list names in t and returns the lists.
func (s *substitutions) substitute(t text) (text, []*listDef) {
	marks := make([]bool, len(s.all))
	s.named(marks, t.b)
	for _, i := range s.odd {
		marks[i] = true
	}
	var used []*listDef
	for i := range s.all {
		if !marks[i] {
			continue
		}
		sub := &s.all[i]
		if out, ok := sub.apply(t); ok {
			t, sub.list.used = out, true
			used = append(append(used, sub.list), sub.inner...)
			s.named(marks, []byte(sub.text)) // those of the lists behind this one count
		}
	}
	return t, used
}

// apply tells whether t names the list.
func (s *substitution) apply(t text) (text, bool) {
	from, done := 0, 0
	var out text
	for {
		i := s.find(t.b, from)
		if i < 0 {
			break
		}
		if done == 0 {
			out.grow(len(t.b) + len(s.text))
		}
		out.append(text{t.b[done:i], t.at[done:i]})
		out.add(s.text, t.point(i))
		from = i + len(s.name)
		done = from
		if s.text == "" {
			if !out.dropComma() {
				done += leadingComma(t.b[from:])
				from = done
			}
		}
	}
	if done == 0 {
		return t, false
	}
	out.append(text{t.b[done:], t.at[done:]})
	return out, true
}

// find returns the next occurrence of the name between delimiters, or -1.
func (s *substitution) find(b []byte, from int) int {
	for from <= len(b) {
		i := bytes.Index(b[from:], s.name)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(s.name)
		if (i == 0 || isDelim(b[i-1])) && (end == len(b) || isDelim(b[end])) {
			return i
		}
		from = i + 1
	}
	return -1
}

// dropComma removes a comma at the end of t, blanks after it aside.
func (t *text) dropComma() bool {
	i := len(t.b)
	for i > 0 && isSpace(t.b[i-1]) {
		i--
	}
	if i == 0 || t.b[i-1] != ',' {
		return false
	}
	t.b, t.at = t.b[:i-1], t.at[:i-1]
	return true
}

// leadingComma returns how many bytes a comma at the start of b takes up.
func leadingComma(b []byte) int {
	i := 0
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	if i < len(b) && b[i] == ',' {
		return i + 1
	}
	return 0
}
