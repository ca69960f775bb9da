// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Parser turns TOML into a tree. The library decides what is valid TOML; its syntax tree is read here
// because it alone knows where each key stands.
type parser struct {
	unstable.Parser
	file string
}

// parse reads a document. A document that is not TOML gives one error.
func parse(file string, doc []byte) (*node, error) {
	if err := toml.Unmarshal(doc, new(map[string]any)); err != nil {
		return nil, syntaxError(file, err)
	}
	p := parser{file: file}
	p.Reset(doc)
	root := newTable(Pos{File: file})
	into := root
	for p.NextExpression() {
		switch expr := p.Expression(); expr.Kind {
		case unstable.Table:
			into = p.descend(root, expr.Key(), false)
		case unstable.ArrayTable:
			into = p.descend(root, expr.Key(), true)
		case unstable.KeyValue:
			p.keyValue(into, expr)
		}
	}
	if err := p.Error(); err != nil {
		return nil, syntaxError(file, err)
	}
	return root, nil
}

func syntaxError(file string, err error) error {
	e := &Error{Pos: Pos{File: file}, Msg: strings.TrimPrefix(err.Error(), "toml: ")}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		e.Pos.Line, e.Pos.Col = decode.Position()
	}
	return ErrorList{e}
}

// Descend goes to the table that keys name and makes what is missing. In a header [[a.b]] the last one is a list
// that gets one more table; elsewhere a list stands for its last table.
func (p *parser) descend(n *node, keys unstable.Iterator, appendLast bool) *node {
	for keys.Next() {
		key := keys.Node()
		name, at := string(key.Data), p.pos(key)
		next := n.get(name)
		if next == nil {
			next = newTable(at)
			if appendLast && keys.IsLast() {
				next.kind = list
			}
			n.set(name, next)
		}
		if next.kind == list && appendLast && keys.IsLast() {
			next.kids = append(next.kids, newTable(at))
		}
		if next.kind == list && len(next.kids) > 0 {
			next = next.kids[len(next.kids)-1]
		}
		n = next
	}
	return n
}

func (p *parser) keyValue(into *node, expr *unstable.Node) {
	keys := expr.Key()
	for keys.Next() {
		key := keys.Node()
		name, at := string(key.Data), p.pos(key)
		if keys.IsLast() {
			into.set(name, p.value(at, expr.Value()))
			return
		}
		next := into.get(name)
		if next == nil {
			next = newTable(at)
			into.set(name, next)
		}
		into = next
	}
}

func (p *parser) value(at Pos, v *unstable.Node) *node {
	n := &node{at: at, text: string(v.Data)}
	switch v.Kind {
	case unstable.String:
		n.kind = text
	case unstable.Bool:
		n.kind = boolean
	case unstable.Integer:
		n.kind, n.text = integer, strings.ReplaceAll(n.text, "_", "")
	case unstable.Float:
		n.kind, n.text = float, strings.ReplaceAll(n.text, "_", "")
	case unstable.Array:
		n.kind = list
		for kids := v.Children(); kids.Next(); {
			n.kids = append(n.kids, p.value(at, kids.Node()))
		}
	case unstable.InlineTable:
		n.kind = table
		for kids := v.Children(); kids.Next(); {
			p.keyValue(n, kids.Node())
		}
	default:
		n.kind = other
	}
	return n
}

// Pos of a key. Values do not carry their range in every case, keys do.
func (p *parser) pos(key *unstable.Node) Pos {
	start := p.Shape(key.Raw).Start
	return Pos{File: p.file, Line: start.Line, Col: start.Column}
}
