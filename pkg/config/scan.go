// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// A scanner finds where the keys of a document stand, which the library does not tell. What is valid and what the
// values are it leaves to the library; of an invalid document it makes something up to the end.
type scanner struct {
	file, text string
	pos        int
	errs       ErrorList
}

// maxNesting bounds the dots of a key and the depth of a value. The library's work grows with its square, at least.
const maxNesting = 32

// document gives a tree of the keys with their places, without values. Lists have a node for each element.
func (s *scanner) document() *node {
	root := newTable(Pos{File: s.file})
	into := root
	for s.space(); s.pos < len(s.text); s.space() {
		if s.take("[") {
			into = s.header(root)
		} else {
			s.pair(into, 0)
		}
	}
	return root
}

func (s *scanner) header(root *node) *node {
	more := s.take("[")
	n := s.key(root, more)
	for s.take("]") {
	}
	return n
}

func (s *scanner) pair(into *node, depth int) {
	n := s.key(into, false)
	s.take("=")
	s.value(n, depth)
}

// key reads a key with its dots and goes to its node below n. In a header [[a.b]] the list gets one more table.
func (s *scanner) key(n *node, more bool) *node {
	for depth := 1; ; depth++ {
		s.space()
		at := s.here()
		name := s.name()
		s.space()
		last := !s.take(".")
		n = n.enter(name, at, more && last)
		if s.tooDeep(at, depth) || last {
			return n
		}
	}
}

// tooDeep ends the scan of a document that nests without reason.
func (s *scanner) tooDeep(at Pos, depth int) bool {
	if depth <= maxNesting {
		return false
	}
	s.errs.add(at, "keys and values nest deeper than %d", maxNesting)
	s.pos = len(s.text)
	return true
}

func (s *scanner) here() Pos { return position(s.file, s.text, s.pos) }

// enter goes to the table that is called name and makes it if it is missing. A list stands for its last table.
func (n *node) enter(name string, at Pos, more bool) *node {
	next := n.get(name)
	if next == nil {
		next = newTable(at)
		n.set(name, next)
	}
	if more {
		next.kind = list
		next.kids = append(next.kids, newTable(at))
	}
	if next.kind == list && len(next.kids) > 0 {
		return next.kids[len(next.kids)-1]
	}
	return next
}

func (s *scanner) name() string {
	start := s.pos
	if s.quote() == 0 {
		for s.pos < len(s.text) && !strings.ContainsRune(".=]# \t\r\n", rune(s.text[s.pos])) {
			s.pos++
		}
		return s.text[start:s.pos]
	}
	s.quoted()
	raw := s.text[start:s.pos]
	meta, err := toml.Decode(raw+" = 0", &map[string]any{})
	if err != nil {
		return raw
	}
	return meta.Keys()[0][0]
}

// value reads a value and marks the keys in it below n.
func (s *scanner) value(n *node, depth int) {
	s.space()
	switch {
	case s.tooDeep(n.at, depth):
	case s.quote() != 0:
		s.quoted()
	case s.take("["):
		n.kind = list
		for s.more("]") {
			kid := newTable(n.at)
			n.kids = append(n.kids, kid)
			s.value(kid, depth+1)
		}
	case s.take("{"):
		for s.more("}") {
			s.pair(n, depth+1)
		}
	default:
		s.plain()
	}
}

// more says whether an element comes before the end of a list or an inline table, and goes to it.
func (s *scanner) more(end string) bool {
	s.space()
	if s.take(",") {
		s.space()
	}
	return s.pos < len(s.text) && !s.take(end)
}

// quote is the quotation mark that a text begins with here, or 0.
func (s *scanner) quote() byte {
	if s.pos < len(s.text) && (s.text[s.pos] == '"' || s.text[s.pos] == '\'') {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) quoted() {
	mark := string(s.quote())
	end := strings.Repeat(mark, 3)
	if !s.take(end) {
		end = mark
		s.take(end)
	}
	for s.pos < len(s.text) && !s.take(end) {
		if mark == `"` {
			s.take(`\`)
		}
		s.pos = min(s.pos+1, len(s.text))
	}
	for len(end) == 3 && s.take(mark) { // the text itself may end in two of them
	}
}

// plain reads a number, a date or a word.
func (s *scanner) plain() {
	for s.pos++; s.pos < len(s.text) && !strings.ContainsRune(",]}#\n", rune(s.text[s.pos])); s.pos++ {
	}
	s.pos = min(s.pos, len(s.text))
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '#':
			for s.pos < len(s.text) && s.text[s.pos] != '\n' {
				s.pos++
			}
		default:
			return
		}
	}
}

func (s *scanner) take(prefix string) bool {
	if !strings.HasPrefix(s.text[s.pos:], prefix) {
		return false
	}
	s.pos += len(prefix)
	return true
}
