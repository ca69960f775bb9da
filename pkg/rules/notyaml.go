// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The YAML library says of a text that is not YAML which line it was at when it
// gave up, often the first of an item, and in the words of its grammar. What
// people do wrong is of a few kinds, each with a look of its own: so from that
// line on the first place with that look is the one to show.

// A finder returns the first line from the given one on that has a fault, and
// the offset in it; line 0: there is none.
type finder func(f *file, from int) (line, at int)

// yamlFault is one of these kinds.
type yamlFault struct {
	message string // of the library, a part of it
	find    finder
	say     func(rest string) string // what is wrong with the line from there on
}

func says(msg string) func(string) string { return func(string) string { return msg } }

var yamlFaults = []yamlFault{
	{"tab character", matching(`^ *(\t)`), says("a tab in the indentation: YAML indents with blanks")},
	{"cannot start any token", matching(`^ *(\t)`), says("a tab in the indentation: YAML indents with blanks")},
	{"cannot start any token", matching(`(?:^|[:\-,\[] )\s*([@%` + "`" + `])`), cannotBegin},
	{"cannot start any token", matching(`[\[,{] *([>|])`), cannotBegin},
	{"unknown anchor", matching(`(?:^|[:\-,\[] )\s*(\*)`), cannotBegin},
	{"unexpected end of stream", eachLine(openQuote), says("the quoted text that begins here has no end")},
	{"unknown escape character", matching(`(\\[^0abtnvfre "/\\N_LPxuU])`), unknownEscape},
	{"mapping values are not allowed", matching(`^[^"'#{\[]*?\S: .*?(: )`), says(`": " inside of a text: put the whole text in quotes`)},
	{"mapping values are not allowed", eachLine(lineStart), says("a key cannot stand here: its indentation does not fit the lines above, or a text above goes on into it")},
	{"could not find expected ':'", eachLine(lineStart), says(`expected "key: value", with a blank after the colon; lines that go on with a text are indented deeper than its key`)},
	{"expected '-' indicator", outdented, says("this line is indented less than the keys of the item above")},
	{"expected key", matching(`[:\-] +(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*') *([^ #,\]}:])`), says("text behind the end of a quoted text: put the whole text in quotes")},
	{"expected key", eachLine(lineStart), says("an item that begins here has a line that is no key, or is indented otherwise than its other keys")},
	{"expected ',' or ']'", matching(`[\[,] *(!)`), cannotBegin},
	{"expected ',' or ']'", matching(`(\[)[^\]]*$`), says("the [ that stands here has no ]")},
	{"expected ',' or '}'", matching(`({)[^}]*$`), says("the { that stands here has no }")},
	{"control characters", matching(`([\x00-\x08\x0b\x0c\x0e-\x1f\x7f])`), says("a control character: write it as an escape in double quotes")},
}

// yamlLine finds the line in a message of the YAML library, which has no typed
// error for it.
var yamlLine = regexp.MustCompile(`line (\d+):? ?`)

func (r *Result) yamlError(f *file, err error) {
	msg, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatchIndex(msg); m != nil {
		if n, convErr := strconv.Atoi(msg[m[2]:m[3]]); convErr == nil {
			line = n
		}
		msg = msg[:m[0]] + msg[m[1]:]
	}
	line, at, msg := f.explain(line, msg)
	p := point{file: f.index, line: int32(line), col: int32(utf8.RuneCountInString(f.line(line)[:at]) + 1)}
	r.errorAt(ErrYAMLParse, f, p, location{kind: "rules content"}, "%s", msg)
}

// explain finds what the library stumbled over: the line, the offset in it and
// what is wrong.
func (f *file) explain(line int, msg string) (n, at int, says string) {
	for n := range f.starts {
		if text := f.line(n + 1); strings.Contains(msg, "UTF-8") && !utf8.ValidString(text) {
			at := len(text) - len(strings.TrimLeftFunc(text, func(r rune) bool { return r != utf8.RuneError }))
			return n + 1, at, fmt.Sprintf("the byte %#02x is not UTF-8", text[at])
		}
	}
	for _, fault := range yamlFaults {
		if !strings.Contains(msg, fault.message) {
			continue
		}
		if n, at := fault.find(f, line); n > 0 {
			return n, at, fault.say(f.line(n)[at:])
		}
	}
	return line, max(lineStart(f.line(line)), 0), msg
}

// eachLine makes a finder of what looks at one line.
func eachLine(find func(line string) (at int)) finder {
	return func(f *file, from int) (int, int) {
		for n := from; n <= len(f.starts); n++ {
			if at := find(f.line(n)); at >= 0 {
				return n, at
			}
		}
		return 0, 0
	}
}

// matching looks for the first group of a pattern.
func matching(pattern string) finder {
	re := regexp.MustCompile(pattern)
	return eachLine(func(line string) int {
		if m := re.FindStringSubmatchIndex(line); m != nil {
			return m[2]
		}
		return -1
	})
}

// lineStart is the first character that is no blank.
func lineStart(line string) int {
	return strings.IndexFunc(line, func(r rune) bool { return r != ' ' })
}

// openQuote finds the quote that no other one closes.
func openQuote(line string) int {
	open := -1
	for i := range len(line) {
		switch {
		case line[i] != '"' && line[i] != '\'':
		case open < 0:
			open = i
		case line[open] == line[i] && (line[i] == '\'' || line[i-1] != '\\'):
			open = -1
		}
	}
	return open
}

var itemStart = regexp.MustCompile(`^ *- +`)

// outdented finds a line whose key stands left of the first key of its item.
func outdented(f *file, from int) (line, at int) {
	keys := 0
	for n := 1; n <= len(f.starts); n++ {
		line := f.line(n)
		at := lineStart(line)
		if head := itemStart.FindString(line); head != "" {
			keys = len(head)
		} else if n >= from && at >= 0 && at < keys && line[at] != '-' && line[at] != '#' {
			return n, at
		}
	}
	return 0, 0
}

func cannotBegin(rest string) string {
	return "a text cannot begin with " + rest[:1] + ": put it in quotes"
}

func unknownEscape(rest string) string {
	return "unknown escape " + rest[:2] + ` in double quotes: write \\ for a backslash, or use single quotes`
}
