// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"
)

// source is the text of one .toml file and where its rows lie. The files keep
// one row a line, so that a row has a line number and comments stay with it.
type source struct {
	name   string // as errors show it
	text   string
	blocks []block // in file order; the first is what comes before any header
}

// block is what belongs to one [[header]].
type block struct {
	header  string
	line    int
	comment []string // lines above the header
	rows    []rowPos
	tail    []string // comment lines after the last row
}

// rowPos is one line of an array.
type rowPos struct {
	array   string
	line    int
	comment []string // lines above the row
}

var (
	headerLine = regexp.MustCompile(`^\[\[?([a-z0-9_]+)\]\]?$`)
	arrayLine  = regexp.MustCompile(`^([a-z0-9_]+) *= *\[$`)
)

func scan(name, text string) *source {
	s := &source{name: name, text: text, blocks: []block{{line: 1}}}
	array, comment := "", []string(nil)
	for i, line := range strings.Split(text, "\n") {
		cur := &s.blocks[len(s.blocks)-1]
		trimmed := strings.TrimSpace(line)
		if m := headerLine.FindStringSubmatch(trimmed); m != nil {
			s.blocks = append(s.blocks, block{header: m[1], line: i + 1, comment: comment})
			comment = nil
			continue
		}
		m := arrayLine.FindStringSubmatch(trimmed)
		switch {
		case strings.HasPrefix(trimmed, "#"):
			comment = append(comment, trimmed)
		case trimmed == "" && len(s.blocks) == 1 && len(cur.rows) == 0 && array == "":
			cur.comment, comment = append(cur.comment, comment...), nil
		case m != nil:
			array = m[1]
			if cur.header == "" && len(cur.rows) == 0 {
				cur.comment, comment = append(cur.comment, comment...), nil
			}
		case array != "" && strings.HasPrefix(trimmed, "{"):
			cur.rows = append(cur.rows, rowPos{array: array, line: i + 1, comment: comment})
			comment = nil
		case trimmed == "]":
			array = ""
		}
	}
	last := &s.blocks[len(s.blocks)-1]
	last.tail = comment
	return s
}

// all returns the blocks with the given header.
func (s *source) all(header string) []*block {
	var out []*block
	for i := range s.blocks {
		if s.blocks[i].header == header {
			out = append(out, &s.blocks[i])
		}
	}
	return out
}

// array returns the rows of the named array.
func (b *block) array(name string) []rowPos {
	var out []rowPos
	for _, r := range b.rows {
		if r.array == name {
			out = append(out, r)
		}
	}
	return out
}

// expect fails unless there are n rows, which is so when each is on a line.
func (s *source) expect(b *block, array string, n int) error {
	if got := len(b.array(array)); got != n {
		return fmt.Errorf("%s:%d: %s: write each of the %d rows on a line of its own (%d lines found)", s.name, b.line, array, n, got)
	}
	return nil
}

// lineOf returns the first line that sets key, for errors that know no better.
func (s *source) lineOf(key string) int {
	re := regexp.MustCompile(`(^|[{,\s])` + regexp.QuoteMeta(key) + `\s*=`)
	for i, line := range strings.Split(s.text, "\n") {
		if re.MatchString(line) {
			return i + 1
		}
	}
	return 1
}
