// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"
	"io"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Source is one rule file: its name, for messages, and its text.
type Source struct {
	Name string
	Text []byte
}

// file is a rule file being read.
type file struct {
	index  uint16
	name   string
	raw    string
	starts []int // offset of each line
}

func newFile(index int, src Source) *file {
	f := &file{index: uint16(index), name: src.Name, raw: string(src.Text), starts: []int{0}}
	for i := range len(f.raw) {
		if f.raw[i] == '\n' {
			f.starts = append(f.starts, i+1)
		}
	}
	return f
}

// offset is the byte offset of a place; columns count characters.
func (f *file) offset(line, col int) int {
	if line < 1 || line > len(f.starts) {
		return len(f.raw)
	}
	off := f.starts[line-1]
	for ; col > 1 && off < len(f.raw) && f.raw[off] != '\n'; col-- {
		off++
		for off < len(f.raw) && f.raw[off]&0xc0 == 0x80 {
			off++
		}
	}
	return off
}

func (f *file) lineCol(off int) (line, col int) {
	line = sort.SearchInts(f.starts, off+1)
	return line, off - f.starts[line-1] + 1
}

// line is the text of a line without its end.
func (f *file) line(n int) string {
	if n < 1 || n > len(f.starts) {
		return ""
	}
	end := len(f.raw)
	if n < len(f.starts) {
		end = f.starts[n] - 1
	}
	return strings.TrimRight(f.raw[f.starts[n-1]:end], "\r")
}

func (f *file) pos(p point) Pos { return Pos{File: f.name, Line: int(p.line), Col: int(p.col)} }

func (f *file) nodePoint(n *yaml.Node) point {
	return point{file: f.index, line: int32(n.Line), col: int32(n.Column)}
}

// documents reads the YAML documents of f; ok is false when it is not YAML.
func (f *file) documents(r *Result) (docs []*yaml.Node, ok bool) {
	dec := yaml.NewDecoder(strings.NewReader(f.raw))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF):
			return docs, true
		case err != nil:
			r.yamlError(f, err)
			return nil, false
		case len(doc.Content) > 0:
			docs = append(docs, doc.Content[0])
		}
	}
}

// items yields the mappings of all documents. Null documents and items are
// allowed and mean nothing.
func (f *file) items(docs []*yaml.Node, r *Result) []*yaml.Node {
	var items []*yaml.Node
	for _, doc := range docs {
		doc = resolveAlias(doc)
		if isNull(doc) {
			continue
		}
		if doc.Kind != yaml.SequenceNode {
			r.errorAt(ErrYAMLValidate, f, f.nodePoint(doc), location{kind: "rules content"},
				"a rule file is a sequence of items, each beginning with \"- list:\", \"- macro:\" or \"- rule:\"; this is %s", kindName(doc))
			continue
		}
		for _, n := range doc.Content {
			n = resolveAlias(n)
			switch {
			case isNull(n):
			case n.Kind != yaml.MappingNode:
				r.errorAt(ErrYAMLValidate, f, f.nodePoint(n), location{kind: "rules content item"},
					"an item is a mapping such as \"- rule: NAME\"; this is %s", kindName(n))
			default:
				items = append(items, n)
			}
		}
	}
	return items
}

func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a sequence"
	case yaml.MappingNode:
		return "a mapping"
	case yaml.ScalarNode:
		if isNull(n) {
			return "nothing"
		}
		return "the text " + strconv.Quote(shorten(n.Value, 40))
	}
	return "something else"
}

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
