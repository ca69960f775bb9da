// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// lexer reads tokens on demand: the grammar has no keywords, so which token a
// text is depends on what the parser asks for. Every method either moves past
// a token or leaves the position alone.
type lexer struct {
	text string
	pos  int
}

// isBlank tells the bytes that separate tokens; backspace is one of them.
func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n'
}

func isBlankRune(r rune) bool { return r < utf8.RuneSelf && isBlank(byte(r)) }

// isSpace tells the bytes that end a bare text.
func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r'
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isHex(c byte) bool    { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func isBare(c byte) bool {
	switch c {
	case '(', ')', '"', '\'', '=', ',':
		return false
	}
	return !isSpace(c)
}

func isArgText(c byte) bool {
	switch c {
	case ']', '[', '"', '\'':
		return false
	}
	return !isSpace(c)
}

// blank skips blanks and tells whether there were any.
func (l *lexer) blank() bool {
	start := l.pos
	for l.pos < len(l.text) && isBlank(l.text[l.pos]) {
		l.pos++
	}
	return l.pos > start
}

// lit reads s when it comes next, whatever follows it.
func (l *lexer) lit(s string) bool {
	if !strings.HasPrefix(l.text[l.pos:], s) {
		return false
	}
	l.pos += len(s)
	return true
}

func (l *lexer) peek(s string) bool { return strings.HasPrefix(l.text[l.pos:], s) }

// while reads the longest non-empty run of bytes that ok accepts.
func (l *lexer) while(ok func(byte) bool) (string, bool) {
	start := l.pos
	for l.pos < len(l.text) && ok(l.text[l.pos]) {
		l.pos++
	}
	return l.text[start:l.pos], l.pos > start
}

// identEnd returns where the identifier at i ends, i when there is none.
func identEnd(s string, i int) int {
	if i >= len(s) || !isLetter(s[i]) {
		return i
	}
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] == '_') {
		i++
	}
	return i
}

func (l *lexer) ident() (string, bool) {
	end := identEnd(l.text, l.pos)
	tok := l.text[l.pos:end]
	l.pos = end
	return tok, tok != ""
}

// fieldName reads identifiers joined by dots; one dot at least.
func (l *lexer) fieldName() (string, bool) {
	start := l.pos
	end := identEnd(l.text, start)
	if end == start {
		return "", false
	}
	dots := 0
	for end < len(l.text) && l.text[end] == '.' {
		next := identEnd(l.text, end+1)
		if next == end+1 {
			break
		}
		end = next
		dots++
	}
	if dots == 0 {
		return "", false
	}
	l.pos = end
	return l.text[start:end], true
}

func (l *lexer) bare() (string, bool)    { return l.while(isBare) }
func (l *lexer) argText() (string, bool) { return l.while(isArgText) }

// number reads a hexadecimal or decimal literal. The value stays text.
func (l *lexer) number() (string, bool) {
	n := numberLen(l.text[l.pos:])
	tok := l.text[l.pos : l.pos+n]
	l.pos += n
	return tok, n > 0
}

func numberLen(s string) int {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isHex(s[2]) {
		return 2 + run(s[2:], isHex)
	}
	i := 0
	if s != "" && (s[0] == '+' || s[0] == '-') {
		i = 1
	}
	digits := run(s[i:], isDigit)
	if digits == 0 {
		return 0
	}
	i += digits
	if i < len(s) && s[i] == '.' {
		i++
		i += run(s[i:], isDigit)
	}
	return i + exponentLen(s[i:])
}

// exponentLen is the length of an exponent; without a sign it is none.
func exponentLen(s string) int {
	if len(s) < 3 || s[0] != 'e' && s[0] != 'E' || s[1] != '+' && s[1] != '-' {
		return 0
	}
	if n := run(s[2:], isDigit); n > 0 {
		return 2 + n
	}
	return 0
}

func run(s string, ok func(byte) bool) int {
	n := 0
	for n < len(s) && ok(s[n]) {
		n++
	}
	return n
}

// quotedEnd finds the end of the quoted text at pos: the first same quote whose
// previous byte is not a backslash. Only that one byte is looked at.
func (l *lexer) quotedEnd() (int, bool) {
	quote := l.text[l.pos]
	for i := l.pos + 1; i < len(l.text); i++ {
		if l.text[i] == quote && l.text[i-1] != '\\' {
			return i + 1, true
		}
	}
	return 0, false
}

func (l *lexer) atQuote() bool {
	return l.pos < len(l.text) && (l.text[l.pos] == '"' || l.text[l.pos] == '\'')
}

// escapeError is a bad escape at an offset of the raw text.
type escapeError struct {
	off, len int
	msg      string
}

// unquote takes the raw text with its quotes and resolves the escapes.
func unquote(raw string) (string, *escapeError) {
	quote, body := raw[0], raw[1:len(raw)-1]
	if strings.IndexByte(body, '\\') < 0 {
		return body, nil
	}
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); {
		if body[i] != '\\' {
			out = append(out, body[i])
			i++
			continue
		}
		c, n, msg := unescape(body[i:], quote)
		if msg != "" {
			return "", &escapeError{off: i + 1, len: n, msg: msg}
		}
		out = append(out, c)
		i += n
	}
	return string(out), nil
}

var plainEscapes = [256]byte{
	'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', '\\': '\\', '/': '/',
	' ': '\\', // the blank is lost
}

// unescape reads the escape at the start of s and returns its byte and length,
// or what is wrong with it.
func unescape(s string, quote byte) (c byte, n int, msg string) {
	if len(s) < 2 {
		return 0, 1, "a lone backslash ends the text"
	}
	switch {
	case plainEscapes[s[1]] != 0:
		return plainEscapes[s[1]], 2, ""
	case s[1] == quote:
		return quote, 2, ""
	case s[1] == 'x':
		if len(s) < 4 || !isHex(s[2]) || !isHex(s[3]) {
			return 0, min(4, len(s)), `\x wants two hexadecimal digits`
		}
		return hexVal(s[2])<<4 | hexVal(s[3]), 4, ""
	}
	return 0, 2, fmt.Sprintf("unknown escape %s", s[:2])
}

func hexVal(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
