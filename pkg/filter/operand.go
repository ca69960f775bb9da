// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Extractor is a transformer outside of a condition: in an output. It is for
// one goroutine.
type Extractor struct {
	Type   field.Type
	Fields []*field.Ref // that it reads, in the order of the text
	Len    int          // bytes of the text that it takes
	c      *Compiler
	src    *source
}

// noType binds operands to no event type.
const noType = schema.EventType(schema.NumEvents)

// ParseTransform reads the transformer that text begins with; text may go on
// after it. It returns nil when text does not begin like one; with an error of a
// transformer that has an end, it tells that.
func ParseTransform(text string) (*Extractor, error) {
	p := &parser{lexer: lexer{text: text}, maxDepth: DefaultDepth, whole: "output"}
	kind, ok := p.transformName(false)
	if !ok {
		return nil, nil
	}
	o := p.parseTransform(kind, 0)
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	c := &checker{out: &Checked{}}
	x := c.operand(o, false)
	if len(c.errs) > 0 {
		return &Extractor{Len: p.pos}, c.errs
	}
	comp := NewCompiler()
	return &Extractor{
		Type: field.Type{Type: x.typ, Format: schema.PFDec, List: x.list}, Fields: c.out.Fields, Len: p.pos,
		c: comp, src: comp.source(x, noType),
	}, nil
}

// SuggestTransform is a remark on a text that begins like a transformer whose name
// is close to one, or nothing.
func SuggestTransform(text string) string {
	end := identEnd(text, 0)
	if end == len(text) || text[end] != '(' {
		return ""
	}
	if s := meant(text[:end], transformNames[:]); s != "" {
		return " (did you mean " + s + "?)"
	}
	return ""
}

// Value takes the value from an event, nil when there is none.
func (x *Extractor) Value(e *state.Event) *field.Value {
	x.c.Begin()
	return x.src.value(x.c, e)
}

// FieldPrefix reads what may be a field at the start of text, with its argument
// as far as it has a good one. name is the length of the name alone; nil when
// there is no name.
func FieldPrefix(text string) (f *Field, name int) {
	p := &parser{lexer: lexer{text: text}, maxDepth: DefaultDepth}
	s, ok := p.fieldName()
	if !ok {
		return nil, 0
	}
	name = p.pos
	f = &Field{Name: s, R: Range{0, name}}
	if arg, has := p.tryArg(); has && len(p.errs) == 0 {
		f.Arg, f.HasArg, f.R.End = arg, true, p.pos
	}
	return f, name
}
