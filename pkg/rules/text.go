// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// point is a place in a file by numbers, small enough to keep one per byte.
type point struct {
	file      uint16 // index into loader.files
	line, col int32  // from 1
}

// text is a condition on its way to the parser. at[i] says where byte b[i] was
// written.
type text struct {
	b  []byte
	at []point
}

func (t *text) String() string { return string(t.b) }

// add appends a text that was all written at one place.
func (t *text) add(s string, p point) {
	t.b = append(t.b, s...)
	for range len(s) {
		t.at = append(t.at, p)
	}
}

// grow makes room for n bytes more.
func (t *text) grow(n int) {
	t.b, t.at = slices.Grow(t.b, n), slices.Grow(t.at, n)
}

func (t *text) append(o text) {
	t.b = append(t.b, o.b...)
	t.at = append(t.at, o.at...)
}

// point returns the place of byte i; past the end, that of the last byte.
func (t *text) point(i int) point {
	switch {
	case len(t.at) == 0:
		return point{}
	case i >= len(t.at):
		p := t.at[len(t.at)-1]
		p.col++
		return p
	case i < 0:
		return t.at[0]
	}
	return t.at[i]
}

// madeUp tells whether a byte from start to end is part of a text that stands
// for another one: of a list, or of an exception.
func (t *text) madeUp(start, end int) bool {
	for i := max(start, 1); i <= end && i < len(t.b); i++ {
		if utf8.RuneStart(t.b[i]) && t.at[i] == t.at[i-1] {
			return true
		}
	}
	return false
}

// scalarText maps the value of a scalar back onto the raw file. YAML folds line
// breaks, strips indentation and resolves escapes, but keeps the order of all
// other characters, so both are walked side by side.
func scalarText(f *file, n *yaml.Node) text {
	t := text{b: []byte(n.Value), at: make([]point, 0, len(n.Value))}
	w := walker{f: f, off: f.offset(n.Line, n.Column)}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		w.skipLine()
	}
	w.line, w.col = f.lineCol(w.off)
	for i, c := range t.b {
		if isSpace(c) {
			t.at = append(t.at, w.point())
			w.space(i+1 < len(t.b) && !isSpace(t.b[i+1]))
			continue
		}
		w.seek(c)
		t.at = append(t.at, w.point())
		w.next()
	}
	return t
}

// maxEscape bounds how far the walker looks for the next character: further away
// it can only be an escape sequence that stands for it.
const maxEscape = 256

type walker struct {
	f         *file
	off       int
	line, col int
}

func (w *walker) point() point {
	return point{file: w.f.index, line: int32(w.line), col: int32(w.col)}
}

func (w *walker) next() {
	if w.off >= len(w.f.raw) {
		return
	}
	if w.f.raw[w.off] == '\n' {
		w.line, w.col = w.line+1, 1
	} else if utf8.RuneStart(w.f.raw[w.off]) {
		w.col++
	}
	w.off++
}

func (w *walker) skipLine() {
	for w.off < len(w.f.raw) && w.f.raw[w.off] != '\n' {
		w.off++
	}
	if w.off < len(w.f.raw) {
		w.off++
	}
}

// space consumes the white space that stands for one blank of the value: all of
// it when the value goes on with something else.
func (w *walker) space(all bool) {
	for w.off < len(w.f.raw) && isSpace(w.f.raw[w.off]) {
		w.next()
		if !all {
			return
		}
	}
}

// seek moves to the next c, if it is near.
func (w *walker) seek(c byte) {
	try := *w
	for n := 0; n < maxEscape && try.off < len(try.f.raw); n++ {
		if try.f.raw[try.off] == c {
			*w = try
			return
		}
		try.next()
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\b' }
