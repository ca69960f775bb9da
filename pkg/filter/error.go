// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/eyas-security/eyas/pkg/field"
)

// MaxErrors bounds an ErrorList.
const MaxErrors = 20

// Error is one fault of a condition and the text it is about.
type Error struct {
	Range
	Msg     string
	Unknown bool // it names a field or an event type that does not exist
}

func (e *Error) Error() string { return e.Msg }

// Warning is a remark on a condition that is valid.
type Warning struct {
	Range
	Msg        string
	Deprecated bool   // it is about a field that will go
	Field      string // that field
}

// ErrorList is what a phase found, at most MaxErrors of them.
type ErrorList []*Error

func (l ErrorList) Error() string {
	switch len(l) {
	case 0:
		return "no errors"
	case 1:
		return l[0].Msg
	}
	return fmt.Sprintf("%s (and %d more errors)", l[0].Msg, len(l)-1)
}

// IsUnknownName tells whether err is about nothing but names that do not exist
// here: fields and event types.
func IsUnknownName(err error) bool {
	var list ErrorList
	if !errors.As(err, &list) {
		var unknown *field.UnknownError
		return errors.As(err, &unknown)
	}
	return len(list) > 0 && !slices.ContainsFunc(list, func(e *Error) bool { return !e.Unknown })
}

// Err is l as an error, nil when it is empty.
func (l ErrorList) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

func (l *ErrorList) add(r Range, format string, args ...any) {
	if len(*l) < MaxErrors {
		*l = append(*l, &Error{Range: r, Msg: fmt.Sprintf(format, args...)})
	}
}

// Pos is a place in a file, both numbers from 1. The zero value stands for the
// start.
type Pos struct{ Line, Col int }

// At is the place of the byte at offset off of text, when the text begins at p.
// Columns count characters.
func (p Pos) At(text string, off int) Pos {
	p.Line, p.Col = max(p.Line, 1), max(p.Col, 1)
	before := text[:max(0, min(off, len(text)))]
	if nl := strings.LastIndexByte(before, '\n'); nl >= 0 {
		p.Line += strings.Count(before, "\n")
		p.Col = 1
		before = before[nl+1:]
	}
	p.Col += utf8.RuneCountInString(before)
	return p
}

// Render writes each error as "file:line:col: message", the line it is about
// and a caret under the range. base is where text begins in the file; without
// a file the prefix is "line:col:".
func (l ErrorList) Render(file, text string, base Pos) string {
	var b strings.Builder
	for _, e := range l {
		e.render(&b, file, text, base)
	}
	return b.String()
}

func (e *Error) render(b *strings.Builder, file, text string, base Pos) {
	at := base.At(text, e.Start)
	if file != "" {
		b.WriteString(file)
		b.WriteByte(':')
	}
	fmt.Fprintf(b, "%d:%d: %s\n%s", at.Line, at.Col, e.Msg, NewExcerpt(text, e.Range))
}
