// SPDX-License-Identifier: Apache-2.0

package filter

import "slices"

// Operands: what stands on the two sides of an operator, and inside of
// transformers.

func (p *parser) parseNumber() Operand {
	if o := p.tryRight(); o != nil || p.stop {
		return o
	}
	start := p.pos
	if n, ok := p.number(); ok {
		return &Text{Text: n, R: p.since(start)}
	}
	p.failRest("expected a number, val(field) or a transformer")
	return nil
}

func (p *parser) parseStrRight(t *Test) {
	if mod, ok := p.modifier(); ok {
		t.Mod = mod
		t.Right = p.parseList("expected a list after " + mod.String())
		return
	}
	if t.Right = p.tryRight(); t.Right != nil || p.stop {
		return
	}
	t.Right = p.parseText("expected a text, val(field) or a transformer")
}

// modifier reads a modifier word. It is one only when a list can follow: a
// parenthesis, or a name that does not go on with the condition.
func (p *parser) modifier() (Modifier, bool) {
	start := p.pos
	for _, m := range []Modifier{ModOneOf, ModAnyOf, ModAllOf} {
		if !p.lit(m.String()) {
			continue
		}
		if p.blank() && p.listFollows() {
			return m, true
		}
		p.pos = start
	}
	return ModNone, false
}

func (p *parser) listFollows() bool {
	if p.peek("(") {
		return true
	}
	switch p.text[p.pos:identEnd(p.text, p.pos)] {
	case "", "and", "or", "not":
		return false
	}
	return true
}

func (p *parser) parseListRight() Operand {
	if p.peek("(") {
		return p.parseList("")
	}
	if o := p.tryRight(); o != nil || p.stop {
		return o
	}
	return p.parseList("expected a list, val(field) or a transformer")
}

// parseList reads a list of constants in parentheses, or a bare name.
func (p *parser) parseList(expected string) Operand {
	start := p.pos
	if !p.lit("(") {
		name, ok := p.ident()
		if !ok {
			p.failRest(expected)
			return nil
		}
		item := &Text{Text: name, R: p.since(start)}
		return &List{Items: []Operand{item}, Name: true, R: item.R}
	}
	l := &List{}
	p.blank()
	for !p.lit(")") {
		if len(l.Items) > 0 && !p.lit(",") {
			p.failRest("expected , or ) in the list")
			return nil
		}
		p.blank()
		item := p.parseText("expected a text in the list")
		if p.stop {
			return nil
		}
		l.Items = append(l.Items, item)
		p.blank()
	}
	l.R = p.since(start)
	return l
}

func (p *parser) parseText(expected string) Operand {
	start := p.pos
	if t := p.tryQuoted(); t != nil || p.stop {
		return t
	}
	if s, ok := p.bare(); ok {
		return &Text{Text: s, R: p.since(start)}
	}
	p.failRest(expected)
	return nil
}

// tryQuoted reads a quoted text. A bad escape is noted and reading goes on.
func (p *parser) tryQuoted() Operand {
	if !p.atQuote() {
		return nil
	}
	start := p.pos
	end, ok := p.quotedEnd()
	if !ok {
		p.giveUp(p.rangeAt(start, len(p.text)), "the quoted text has no end")
		return nil
	}
	p.pos = end
	s, bad := unquote(p.text[start:end])
	if bad != nil {
		p.errs.add(p.rangeAt(start+bad.off, start+bad.off+bad.len), "%s", bad.msg)
	}
	return &Text{Text: s, Quoted: true, R: p.since(start)}
}

// tryOperand reads a field or a transformer; val only where allowed. It
// returns nil and stays put when there is neither.
func (p *parser) tryOperand(val bool) Operand {
	start := p.pos
	if name, ok := p.fieldName(); ok {
		f := &Field{Name: name}
		f.Arg, f.HasArg = p.tryArg()
		f.R = p.since(start)
		return f
	}
	if kind, ok := p.transformName(val); ok {
		return p.parseTransform(kind, start)
	}
	return nil
}

// tryRight reads a right-hand operand: val(field) or a transformer. A field
// alone is a text.
func (p *parser) tryRight() Operand {
	start := p.pos
	if kind, ok := p.transformName(true); ok {
		return p.parseTransform(kind, start)
	}
	return nil
}

// transformName reads a transformer's name with the parenthesis that touches
// it.
func (p *parser) transformName(val bool) (TransformKind, bool) {
	end := identEnd(p.text, p.pos)
	if end == len(p.text) || p.text[end] != '(' {
		return 0, false
	}
	i := slices.Index(transformNames[:], p.text[p.pos:end])
	if i < 0 || TransformKind(i) == TransVal && !val {
		return 0, false
	}
	p.pos = end + 1
	return TransformKind(i), true
}

// tryArg reads the argument in brackets that touches a name.
func (p *parser) tryArg() (string, bool) {
	if !p.lit("[") {
		return "", false
	}
	arg := ""
	if q := p.tryQuoted(); q != nil {
		arg = q.(*Text).Text
	} else if s, ok := p.argText(); ok && !p.stop {
		arg = s
	} else {
		p.failRest("expected an argument")
	}
	if !p.stop && !p.lit("]") {
		p.failRest("expected ] after the argument")
	}
	return arg, true
}

// parseTransform reads the arguments of a transformer, after its opening
// parenthesis.
func (p *parser) parseTransform(kind TransformKind, start int) Operand {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	t := &Transform{Kind: kind, NameR: p.rangeAt(start, p.pos-1)}
	for {
		p.blank()
		arg := p.parseTransformArg(kind)
		if p.stop {
			return nil
		}
		t.Args = append(t.Args, arg)
		p.blank()
		if p.lit(")") {
			break
		}
		if kind == TransVal || !p.lit(",") {
			p.failRest("expected ) after the arguments of " + kind.String())
			return nil
		}
	}
	t.Arg, t.HasArg = p.tryArg()
	t.R = p.since(start)
	return t
}

func (p *parser) parseTransformArg(kind TransformKind) Operand {
	start := p.pos
	if kind == TransVal {
		if name, ok := p.fieldName(); ok {
			f := &Field{Name: name}
			f.Arg, f.HasArg = p.tryArg()
			f.R = p.since(start)
			return f
		}
		p.failRest("expected a field in val()")
		return nil
	}
	if n, ok := p.number(); ok {
		return &Text{Text: n, Number: true, R: p.since(start)}
	}
	if q := p.tryQuoted(); q != nil || p.stop {
		return q
	}
	if p.peek("(") {
		return p.parseArgList()
	}
	if o := p.tryOperand(false); o != nil || p.stop {
		return o
	}
	p.failRest("expected a field, a transformer, a quoted text, a number or a list")
	return nil
}

// parseArgList reads a list of operands, the argument of join and the like.
func (p *parser) parseArgList() Operand {
	start := p.pos
	p.lit("(")
	l := &List{}
	p.blank()
	for !p.lit(")") {
		if len(l.Items) > 0 && !p.lit(",") {
			p.failRest("expected , or ) in the list")
			return nil
		}
		p.blank()
		item := p.parseArgItem()
		if p.stop {
			return nil
		}
		l.Items = append(l.Items, item)
		p.blank()
	}
	l.R = p.since(start)
	return l
}

func (p *parser) parseArgItem() Operand {
	start := p.pos
	if o := p.tryOperand(false); o != nil || p.stop {
		return o
	}
	if q := p.tryQuoted(); q != nil || p.stop {
		return q
	}
	if n, ok := p.number(); ok {
		return &Text{Text: n, Number: true, R: p.since(start)}
	}
	p.failRest("expected a field, a transformer, a quoted text or a number")
	return nil
}
