// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"
	"strings"
)

// Going on after a syntax error. A condition is a tree of chains, so behind a
// part that is wrong the next "and" or "or" of the same chain, or the parenthesis
// that ends it, is where reading makes sense again: each part is reported once,
// and nothing that only follows from it. Where quotes do not match there is no
// such place.

// orResume reads a kid of a chain, and when it is wrong moves behind it.
func (p *parser) orResume(kid func() Node) Node {
	start := p.pos
	n := kid()
	if p.stop && p.resume(start) {
		return &Macro{} // thrown away with the tree
	}
	return n
}

// resume goes to the next joint of the chain in which the part at start is wrong.
func (p *parser) resume(start int) bool {
	if p.lost || len(p.errs) >= MaxErrors {
		return false
	}
	at := p.joint(start)
	if at < 0 {
		p.lost = true
		return false
	}
	p.pos, p.stop = at, false
	return true
}

// joint finds the first "and", "or" or closing parenthesis that belongs to the
// chain of the part at start and does not stand before the error.
func (p *parser) joint(start int) int {
	scan := lexer{text: p.text, pos: start}
	for depth := 0; scan.pos < len(scan.text); {
		if scan.atQuote() {
			end, ok := scan.quotedEnd()
			if !ok {
				return -1
			}
			scan.pos = end
			continue
		}
		c := scan.text[scan.pos]
		if depth == 0 && scan.pos >= p.failedAt && (c == ')' || scan.atJoint()) {
			return scan.pos
		}
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 {
			return -1
		}
		scan.pos++
	}
	return -1
}

// atJoint tells whether a whole "and" or "or" stands here.
func (l *lexer) atJoint() bool {
	if l.pos > 0 && !isBlank(l.text[l.pos-1]) && l.text[l.pos-1] != ')' {
		return false
	}
	for _, word := range []string{"and", "or"} {
		if rest, ok := strings.CutPrefix(l.text[l.pos:], word); ok && rest != "" && (isBlank(rest[0]) || rest[0] == '(') {
			return true
		}
	}
	return false
}

// endOf wants the end of a condition or group, as done reads it, and reports what
// stands there instead.
func (p *parser) endOf(expected string, done func() bool) {
	for !p.stop && !done() {
		start := p.pos
		p.failEnd(expected)
		if p.text[min(start, len(p.text)-1)] == ')' {
			p.lost = true // which parenthesis is one too many cannot be known
		}
		if p.resume(start) && (p.lit("and") || p.lit("or")) {
			p.parseOr()
			p.blank()
		}
	}
}

// failOpen reports a parenthesis that is still open where the condition ends.
func (p *parser) failOpen(open int) bool {
	if p.pos < len(p.text) || p.stop {
		return false
	}
	p.giveUp(p.rangeAt(open, open+1), "this ( has no )")
	return true
}

// failEnd reports what stands where a condition should go on or end.
func (p *parser) failEnd(expected string) {
	if p.peek("(") && p.failCall() {
		return
	}
	p.failRest(expected, "and", "or")
}

// failCall reports a word before a parenthesis that is meant as a transformer.
func (p *parser) failCall() bool {
	end := len(strings.TrimRightFunc(p.text[:p.pos], isBlankRune))
	start := end
	for start > 0 && isNamePart(p.text[start-1]) {
		start--
	}
	word, r := p.text[start:end], p.rangeAt(start, end)
	switch meant := meant(word, transformNames[:]); {
	case word == TransVal.String():
		p.fail(r, "val() stands on the right side of an operator only: write the field alone")
	case slices.Contains(transformNames[:], word):
		p.fail(r, "the ( of %s must follow at once", word)
	case meant != "" && end == p.pos:
		p.fail(r, "unknown transformer %s (did you mean %s?)", word, meant)
	}
	return p.stop
}

func isNamePart(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }
