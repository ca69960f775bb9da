// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"strings"
	"unicode/utf8"
)

const (
	maxExcerpt = 120 // characters of a line that an excerpt shows
	leadIn     = 60  // of these before the range, when the line is longer
)

// Excerpt is the line of a text that a range begins in, cut where it is long.
type Excerpt struct {
	Line        string
	from, width int // of the range in the line, in characters
}

// NewExcerpt takes the line of r out of text.
func NewExcerpt(text string, r Range) Excerpt {
	start := max(0, min(r.Start, len(text)))
	first := strings.LastIndexByte(text[:start], '\n') + 1
	last := len(text)
	if nl := strings.IndexByte(text[start:], '\n'); nl >= 0 {
		last = start + nl
	}
	last = first + len(strings.TrimSuffix(text[first:last], "\r"))
	start = min(start, last)
	x := Excerpt{}
	tail := ""
	if firstRunes(text[first:last], maxExcerpt) < last-first {
		if begin := start - lastRunes(text[first:start], leadIn); begin > first {
			first, x.Line = begin, "…"
		}
		if end := first + firstRunes(text[first:last], maxExcerpt); end < last {
			last, tail = end, "…"
		}
	}
	x.from = utf8.RuneCountInString(x.Line) + utf8.RuneCountInString(text[first:start])
	x.width = max(1, utf8.RuneCountInString(text[start:max(start, min(r.End, last))]))
	x.Line += printable(text[first:last]) + tail
	return x
}

// String is the line with a caret under each character of the range, both
// indented; nothing for an empty line.
func (x Excerpt) String() string {
	if strings.TrimSpace(x.Line) == "" {
		return ""
	}
	return "  " + x.Line + "\n  " + strings.Repeat(" ", x.from) + strings.Repeat("^", x.width) + "\n"
}

// firstRunes is how many bytes the first n characters of s take up.
func firstRunes(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// lastRunes is how many bytes the last n characters of s take up.
func lastRunes(s string, n int) int {
	left := len(s)
	for ; n > 0 && left > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:left])
		left -= size
	}
	return len(s) - left
}

// printable keeps one column per character.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
