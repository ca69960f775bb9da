// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A step of a key on the command line: a name, an index, or [] for one more element.
type step struct {
	name  string
	index int // for an empty name; -1 = one more
}

// override lays key=value over the tree. Dots nest, [n] indexes, [] appends, a backslash takes the next character as it is.
func override(root *node, option string) error {
	at := Pos{Override: option}
	key, value, ok := cutUnescaped(option, '=')
	if !ok {
		return errors.New("want key=value")
	}
	steps, err := parseKey(key)
	if err != nil {
		return err
	}
	leaf := &node{kind: literal, at: at, text: value}
	n := root
	for i, s := range steps {
		var next *node
		switch {
		case i+1 == len(steps):
			next = leaf
		case steps[i+1].name == "":
			next = &node{kind: list, at: at}
		default:
			next = newTable(at)
		}
		if n, err = n.descend(s, next); err != nil {
			return err
		}
	}
	return nil
}

// Descend goes one step from n, to what is there if it can be gone through, else to next, which takes its place.
func (n *node) descend(s step, next *node) (*node, error) {
	if s.name != "" {
		if n.kind != table {
			return nil, fmt.Errorf("%s is a key of something that is %v", s.name, n.kind)
		}
		if have := n.get(s.name); have != nil && next.kind != literal && have.kind == next.kind {
			return have, nil
		}
		n.set(s.name, next)
		return next, nil
	}
	switch {
	case n.kind != list:
		return nil, fmt.Errorf("an index of something that is %v", n.kind)
	case s.index < 0 || s.index == len(n.kids):
		n.kids = append(n.kids, next)
	case s.index > len(n.kids):
		return nil, fmt.Errorf("index %d of a list of %d", s.index, len(n.kids))
	case next.kind != literal && n.kids[s.index].kind == next.kind:
		return n.kids[s.index], nil
	default:
		n.kids[s.index] = next
	}
	return next, nil
}

// cutUnescaped cuts s around the first sep that has no backslash before it.
func cutUnescaped(s string, sep byte) (before, after string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

var errKey = errors.New("want a key like a.b[0].c")

func parseKey(key string) ([]step, error) {
	var steps []step
	for key != "" {
		if key[0] == '[' {
			number, rest, ok := strings.Cut(key[1:], "]")
			index, err := -1, error(nil)
			if number != "" {
				index, err = strconv.Atoi(number)
			}
			if !ok || err != nil || index < -1 || len(steps) == 0 {
				return nil, errKey
			}
			steps = append(steps, step{index: index})
			key = rest
		} else {
			name, rest := cutName(key)
			if name == "" {
				return nil, errKey
			}
			steps = append(steps, step{name: name})
			key = rest
		}
		if dotted, ok := strings.CutPrefix(key, "."); ok {
			if key = dotted; key == "" {
				return nil, errKey
			}
		} else if key != "" && key[0] != '[' {
			return nil, errKey
		}
	}
	if len(steps) == 0 {
		return nil, errKey
	}
	return steps, nil
}

// cutName takes a name off the front of a key, up to a dot or bracket, and its backslashes away.
func cutName(key string) (name, rest string) {
	var b strings.Builder
	for i := 0; i < len(key); i++ {
		switch key[i] {
		case '.', '[':
			return b.String(), key[i:]
		case '\\':
			if i++; i == len(key) {
				return "", key
			}
		}
		b.WriteByte(key[i])
	}
	return b.String(), ""
}
