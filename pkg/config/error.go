// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxErrors bounds what one reading reports.
const maxErrors = 20

// Pos is where a value was set: a place in a file, or an override of the command line.
type Pos struct {
	File      string
	Line, Col int    // from 1; 0 = no place in a file
	Override  string // the option's text
}

func (p Pos) String() string {
	switch {
	case p.Override != "":
		return "-o " + p.Override
	case p.Line == 0:
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Error is one thing wrong with a configuration.
type Error struct {
	Pos Pos
	Msg string
}

func (e *Error) Error() string {
	if at := e.Pos.String(); at != "" {
		return at + ": " + e.Msg
	}
	return e.Msg
}

// ErrorList is all that is wrong, in the order of the file; one a line.
type ErrorList []*Error

func (l ErrorList) Error() string {
	var b strings.Builder
	for i, e := range l {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Error())
	}
	return b.String()
}

func (l *ErrorList) add(at Pos, format string, args ...any) {
	if len(*l) < maxErrors {
		*l = append(*l, &Error{at, fmt.Sprintf(format, args...)})
	}
}

// err is the list as an error, nil when it is empty.
func (l ErrorList) err() error {
	if len(l) == 0 {
		return nil
	}
	slices.SortStableFunc(l, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.Pos.Override, b.Pos.Override), a.Pos.Line-b.Pos.Line, a.Pos.Col-b.Pos.Col)
	})
	return l
}

// IsInvalid says that an error is about what a configuration says, not about how it was read.
func IsInvalid(err error) bool {
	var list ErrorList
	return errors.As(err, &list)
}
