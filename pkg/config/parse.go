// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxDocument bounds the work on a document.
const maxDocument = 64 << 10

// parse reads a document. A document that is not TOML gives one error.
func parse(file string, doc []byte) (*node, error) {
	if len(doc) > maxDocument {
		return nil, ErrorList{{Pos{File: file}, fmt.Sprintf("%d bytes: want at most %d", len(doc), maxDocument)}}
	}
	s := scanner{file: file, text: trimMark(string(doc))}
	root := s.document()
	if len(s.errs) > 0 {
		return nil, s.errs
	}
	values := map[string]any{}
	if _, err := toml.Decode(s.text, &values); err != nil {
		return nil, syntaxError(file, s.text, err)
	}
	root.fill(values)
	return root, nil
}

// trimMark takes away byte order marks, which the library skips without counting them.
func trimMark(text string) string {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\xef\xbb\xbf"} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			return trimMark(rest)
		}
	}
	return text
}

func syntaxError(file, text string, err error) error {
	var at toml.ParseError
	if !errors.As(err, &at) {
		return ErrorList{{Pos{File: file}, err.Error()}}
	}
	msg := at.Message
	if ext := filepath.Ext(file); ext == ".yaml" || ext == ".yml" {
		msg += " (a configuration is TOML: 'agent config default' prints one, docs/from-falco.md has Falco's keys)"
	}
	return ErrorList{{position(file, text, at.Position.Start), msg}}
}

// position of an offset. The library's own column is wrong for the first byte of a line.
func position(file, text string, offset int) Pos {
	before := text[:max(0, min(offset, len(text)))]
	return Pos{File: file, Line: 1 + strings.Count(before, "\n"), Col: len(before) - strings.LastIndexByte(before, '\n')}
}

// fill gives the values to a tree of the keys' places. A value without a place stands where its table or list does.
func (n *node) fill(v any) {
	switch v := v.(type) {
	case map[string]any:
		n.kind = table
		for key, value := range v {
			if n.get(key) == nil {
				n.set(key, newTable(n.at))
			}
			n.get(key).fill(value)
		}
	case []map[string]any:
		fillList(n, v)
	case []any:
		fillList(n, v)
	case string:
		n.kind, n.text = text, v
	case bool:
		n.kind, n.text = boolean, fmt.Sprint(v)
	case int64:
		n.kind, n.text = integer, fmt.Sprint(v)
	case float64:
		n.kind, n.text = float, fmt.Sprint(v)
	default:
		n.kind = other
	}
}

func fillList[T any](n *node, values []T) {
	n.kind = list
	for i, value := range values {
		if i == len(n.kids) {
			n.kids = append(n.kids, newTable(n.at))
		}
		n.kids[i].fill(value)
	}
}
