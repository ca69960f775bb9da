// SPDX-License-Identifier: Apache-2.0

package config

import "slices"

type kind uint8

const (
	table kind = iota
	list
	text    // a TOML text: good for text keys only
	literal // digits and words as typed: from the environment or the command line, good for any key
	integer
	float
	boolean
	other // dates and times, which no key takes
)

var kindNames = [...]string{"a table", "a list", "a text", "a text", "a whole number", "a number", "true or false", "a date or time"}

func (k kind) String() string { return kindNames[k] }

// A node is one value of a configuration. Tables keep the order of their keys.
type node struct {
	kind kind
	at   Pos
	text string   // of scalars; numbers without underscores
	keys []string // of tables
	kids []*node  // of tables and lists
}

func newTable(at Pos) *node { return &node{kind: table, at: at} }

func (n *node) get(key string) *node {
	if i := slices.Index(n.keys, key); i >= 0 && n.kind == table {
		return n.kids[i]
	}
	return nil
}

func (n *node) set(key string, value *node) {
	if i := slices.Index(n.keys, key); i >= 0 {
		n.kids[i] = value
		return
	}
	n.keys = append(n.keys, key)
	n.kids = append(n.kids, value)
}

// Find follows keys from n; nil when one is not there.
func (n *node) find(keys ...string) *node {
	for _, key := range keys {
		if n = n.get(key); n == nil {
			return nil
		}
	}
	return n
}

// Merge lays top over n: tables are merged, everything else is replaced.
func (n *node) merge(top *node) {
	for i, key := range top.keys {
		below, over := n.get(key), top.kids[i]
		if below != nil && below.kind == table && over.kind == table {
			below.at = over.at
			below.merge(over)
			continue
		}
		n.set(key, over)
	}
}
