// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/eyas-security/eyas/pkg/internal/nearest"
)

// Limits of nested productions: what a text may need by default, and what the
// conditions of rules and macros may need.
const (
	DefaultDepth = 100
	RuleDepth    = 1000
)

// ParseOptions change how a text is read.
type ParseOptions struct {
	MaxDepth int // nested productions, 0 for DefaultDepth
	Base     int // offset of the text's first byte in all ranges
}

// Parse reads a condition. The error is an ErrorList.
func Parse(text string, opt ParseOptions) (Node, error) {
	p := &parser{lexer: lexer{text: text}, base: opt.Base, maxDepth: opt.MaxDepth}
	if p.maxDepth <= 0 {
		p.maxDepth = DefaultDepth
	}
	if text == "" {
		p.errs.add(p.rangeAt(0, 0), "the condition is empty")
		return nil, p.errs
	}
	n := p.parseOr()
	p.endOf("expected and, or, or the end of the condition", func() bool { return p.pos == len(text) })
	if len(p.errs) > 0 {
		slices.SortStableFunc(p.errs, func(a, b *Error) int { return a.Start - b.Start })
		return nil, p.errs
	}
	return n, nil
}

// parser is a recursive descent over the lexer. A syntax error stops it until it
// finds a place from which to go on: see resume.
type parser struct {
	lexer
	base     int
	depth    int
	maxDepth int
	errs     ErrorList
	stop     bool
	whole    string // what the text is, for messages; "" for a condition
	failedAt int    // offset of the error that stopped it
	lost     bool   // there is no such place
}

// rangeAt is the range of the bytes from start to end of the text.
func (p *parser) rangeAt(start, end int) Range { return Range{p.base + start, p.base + end} }

// since is the range from start to here.
func (p *parser) since(start int) Range { return p.rangeAt(start, p.pos) }

func (p *parser) fail(r Range, format string, args ...any) {
	if !p.stop {
		p.errs.add(r, format, args...)
		p.failedAt = r.Start - p.base
	}
	p.stop = true
}

// giveUp is fail for what leaves no place to go on from.
func (p *parser) giveUp(r Range, format string, args ...any) {
	p.fail(r, format, args...)
	p.lost = true
}

// failRest says what was expected instead of the text that comes next. A known
// word that is close is suggested.
func (p *parser) failRest(msg string, known ...string) {
	end := p.pos
	for end < len(p.text) && !isSpace(p.text[end]) && p.text[end] != '(' && p.text[end] != ')' {
		end++
	}
	if end == p.pos && end < len(p.text) {
		end++
	}
	if end == p.pos {
		p.fail(p.rangeAt(p.pos, p.pos), "%s, but the %s ends here", msg, cmp.Or(p.whole, "condition"))
		return
	}
	found := p.text[p.pos:end]
	msg += ", found " + cut(found, 40)
	msg += remark(p.text[:p.pos], found, known)
	p.fail(p.rangeAt(p.pos, end), "%s", msg)
}

// remark is what may be meant by a text that nothing wants behind the one before,
// or nothing.
func remark(before, found string, known []string) string {
	if found[0] == ',' {
		return " (a list stands in parentheses)"
	}
	if s := meant(found, known); s != "" {
		return " (did you mean " + s + "?)"
	}
	for _, r := range found {
		if r >= utf8.RuneSelf && r != utf8.RuneError {
			return fmt.Sprintf(" (%U is no ASCII character)", r)
		}
	}
	word := strings.TrimRightFunc(before, isBlankRune)
	for _, r := range word[strings.LastIndexFunc(word, isBlankRune)+1:] {
		if r >= utf8.RuneSelf && unicode.IsSpace(r) {
			return fmt.Sprintf(" (before it stands %U, which is no blank)", r)
		}
	}
	return ""
}

// elsewhere are words of other languages.
var elsewhere = map[string]string{
	"&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "is": "=", "eq": "=", "equals": "=", "ne": "!=", "<>": "!=",
	"=~": "regex", "~": "regex", "~=": "regex", "matches": "regex", "like": "glob", "has": "contains", "includes": "contains",
}

// meant guesses which of the known words somebody meant, "" when none is close.
func meant(found string, known []string) string {
	if found == "" {
		return ""
	}
	lower := strings.ToLower(found)
	for _, guess := range []string{lower, elsewhere[lower], elsewhere[found[:1]], nearest.To(found, known)} {
		if guess != "" && guess != found && slices.Contains(known, guess) {
			return guess
		}
	}
	return ""
}

func cut(s string, n int) string {
	if len(s) <= n {
		return printable(s)
	}
	return printable(s[:n]) + "…"
}

// enter counts a nested production; leave undoes it.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > p.maxDepth {
		p.giveUp(p.rangeAt(p.pos, p.pos), "the condition is nested too deeply (more than %d levels)", p.maxDepth)
	}
	return !p.stop
}

func (p *parser) leave() { p.depth-- }

func (p *parser) parseOr() Node {
	kids := p.parseChain("or", p.parseAnd)
	switch {
	case p.stop:
		return nil
	case len(kids) == 1:
		return kids[0]
	}
	return &Or{Kids: kids, R: spanOf(kids)}
}

func (p *parser) parseAnd() Node {
	kids := p.parseChain("and", p.parseNot)
	switch {
	case p.stop:
		return nil
	case len(kids) == 1:
		return kids[0]
	}
	return &And{Kids: kids, R: spanOf(kids)}
}

func spanOf(kids []Node) Range { return kids[0].Range().to(kids[len(kids)-1].Range()) }

// parseChain reads kids joined by word. The word is a plain prefix; a
// parenthesis that touches it encloses one whole kid.
func (p *parser) parseChain(word string, kid func() Node) []Node {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	p.blank()
	kids := []Node{p.orResume(kid)}
	p.blank()
	for !p.stop && p.lit(word) {
		switch {
		case p.blank():
			kids = append(kids, p.orResume(kid))
		case p.lit("("):
			kids = append(kids, p.orResume(p.parseGroup))
		default:
			kids = append(kids, p.orResume(func() Node { return p.failJoint(word) }))
		}
		p.blank()
	}
	return kids
}

// failJoint reports what touches the word that was read.
func (p *parser) failJoint(word string) Node {
	if p.pos == len(p.text) {
		p.failRest("expected a condition after " + word)
		return nil
	}
	p.pos -= len(word)
	p.failRest("expected a blank or ( after " + word)
	return nil
}

// parseGroup reads the rest of a group, after its opening parenthesis.
func (p *parser) parseGroup() Node {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	open := p.pos - 1
	p.blank()
	n := p.parseOr()
	p.blank()
	p.endOf("expected )", func() bool { return p.lit(")") || p.failOpen(open) })
	return n
}

func (p *parser) parseNot() Node {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	p.blank()
	start, negate := p.pos, false
	for p.lit("not ") {
		negate = !negate
		p.blank()
	}
	var kid Node
	if p.lit("not(") {
		negate = !negate
		kid = p.parseGroup()
	} else {
		kid = p.parseCheck()
	}
	if p.stop || !negate {
		return kid
	}
	return &Not{Kid: kid, R: p.since(start)}
}

func (p *parser) parseCheck() Node {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	p.blank()
	if p.lit("(") {
		return p.parseGroup()
	}
	start := p.pos
	if left := p.tryOperand(false); left != nil || p.stop {
		return p.parseTest(left, start)
	}
	if name, ok := p.ident(); ok {
		return &Macro{Name: name, R: p.since(start)}
	}
	p.failRest("expected a field, a macro or (", "not")
	return nil
}

func (p *parser) parseTest(left Operand, start int) Node {
	if p.stop {
		return nil
	}
	p.blank()
	t := &Test{Left: left}
	opStart := p.pos
	shape, ok := p.operator(t)
	if !ok {
		p.failOperator()
		return nil
	}
	t.OpR = p.since(opStart)
	if shape != shapeUnary {
		p.blank()
	}
	switch shape {
	case shapeNum:
		t.Right = p.parseNumber()
	case shapeStr:
		p.parseStrRight(t)
	case shapeList:
		t.Right = p.parseListRight()
	}
	t.R = p.since(start)
	return t
}

// SuggestOperator is a remark on a word that is no operator but close to one, or
// nothing.
func SuggestOperator(word string) string {
	if s := meant(word, opTexts[1:]); s != "" {
		return " (did you mean " + s + "?)"
	}
	return ""
}

func (p *parser) failOperator() {
	end := p.pos
	for end < len(p.text) && isBare(p.text[end]) {
		end++
	}
	word := p.text[p.pos:end]
	if s := SuggestOperator(word); s != "" {
		p.fail(p.rangeAt(p.pos, end), "unknown operator %s%s", cut(word, 40), s)
		return
	}
	p.failRest("expected an operator (" + opChoices + ")")
}

const opChoices = "=, !=, <, <=, >, >=, in, intersects, pmatch, contains, icontains, startswith, endswith, " +
	"glob, iglob, regex, bcontains, bstartswith, exists"

// operator reads an operator; a word among the text operators needs a blank
// after it, all others are plain prefixes.
func (p *parser) operator(t *Test) (opShape, bool) {
	start := p.pos
	for _, o := range ops {
		if !p.lit(o.text) {
			continue
		}
		if !o.word || p.pos < len(p.text) && isBlank(p.text[p.pos]) {
			t.Op = o.op
			return o.shape, true
		}
		p.pos = start
	}
	return 0, false
}
