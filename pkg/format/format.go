// SPDX-License-Identifier: Apache-2.0

package format

import (
	"errors"
	"fmt"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// missing is printed for a value that is absent.
const missing = "<NA>"

// maxWidth bounds the number after a %.
const maxWidth = 1 << 16

// Format is a parsed output.
type Format struct {
	text   string
	lax    bool // a leading *: what is missing prints as <NA>
	parts  []part
	fields []FieldRef
}

// part is a literal text, a field or a transformer.
type part struct {
	literal string
	width   int // 0 = as long as it is
	ref     *field.Ref
	trans   *filter.Extractor
	value   field.Value
}

// FieldRef is a field that an output reads, in a transformer or by itself.
type FieldRef struct {
	Name  string       // as written, with its argument
	At    filter.Range // where the output first has it
	ref   *field.Ref
	value field.Value
}

// Parse reads an output. The error is a filter.ErrorList.
func Parse(text string) (*Format, error) {
	fields := strings.Count(text, "%")
	p := &parser{text: text, f: &Format{text: text, parts: make([]part, 0, 2*fields+1), fields: make([]FieldRef, 0, fields)}}
	p.f.lax = strings.HasPrefix(text, "*")
	if p.f.lax {
		p.pos = 1
	}
	for p.pos < len(text) {
		p.next()
	}
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	return p.f, nil
}

// String is the text that was parsed.
func (f *Format) String() string { return f.text }

// Fields are the fields that the output reads, each once.
func (f *Format) Fields() []FieldRef { return f.fields }

// Append appends the line for an event, or nothing when a value is missing and
// the output does not begin with a star.
func (f *Format) Append(dst []byte, e *state.Event) []byte {
	dst, _ = f.TryAppend(dst, e)
	return dst
}

// TryAppend is Append that tells whether there is a line.
func (f *Format) TryAppend(dst []byte, e *state.Event) ([]byte, bool) {
	start := len(dst)
	for i := range f.parts {
		p := &f.parts[i]
		at := len(dst)
		out, ok := p.append(dst, e)
		if !ok {
			if !f.lax {
				return dst[:start], false
			}
			out = append(dst, missing...)
		}
		dst = fitWidth(out, at, p.width)
	}
	return dst, true
}

func (p *part) append(dst []byte, e *state.Event) ([]byte, bool) {
	switch {
	case p.ref != nil:
		if !p.ref.Print(e, &p.value) {
			return dst, false
		}
		return p.ref.TypeAt(e).AppendText(dst, &p.value), true
	case p.trans != nil:
		v := p.trans.Value(e)
		if v == nil {
			return dst, false
		}
		return p.typeOf(e).AppendText(dst, v), true
	}
	return append(dst, p.literal...), true
}

// typeOf is the type that a transformer gives.
func (p *part) typeOf(e *state.Event) field.Type {
	t := p.trans.Type
	t.Base64 = e.Base64
	return t
}

// fitWidth pads or cuts dst[at:].
func fitWidth(dst []byte, at, width int) []byte {
	if width == 0 {
		return dst
	}
	for len(dst) < at+width {
		dst = append(dst, ' ')
	}
	return dst[:at+width]
}

// AppendJSON appends the value as JSON, null when it is missing. Fields of the
// event's time give its nanoseconds.
func (r *FieldRef) AppendJSON(dst []byte, e *state.Event) []byte {
	if r.ref.Flags&field.TimeOfEvent != 0 {
		t := field.Type{Type: schema.PTAbsTime, Format: schema.PFDec}
		return t.AppendJSON(dst, &field.Value{U: e.TS})
	}
	if !r.ref.Print(e, &r.value) {
		return append(dst, "null"...)
	}
	return r.ref.TypeAt(e).AppendJSON(dst, &r.value)
}

// AppendJSON appends the value of an output that is one field or transformer as
// JSON. Any other output, and a value that is missing, is null.
func (f *Format) AppendJSON(dst []byte, e *state.Event) []byte {
	if len(f.parts) == 1 {
		p := &f.parts[0]
		if p.ref != nil {
			return f.fields[0].AppendJSON(dst, e)
		}
		if p.trans != nil {
			if v := p.trans.Value(e); v != nil {
				return p.typeOf(e).AppendJSON(dst, v)
			}
		}
	}
	return append(dst, "null"...)
}

// Ref is the field itself.
func (r *FieldRef) Ref() *field.Ref { return r.ref }

// parser walks over the text of an output.
type parser struct {
	text string
	pos  int
	f    *Format
	errs filter.ErrorList
}

func (p *parser) fail(start, end int, unknown bool, format string, args ...any) {
	if len(p.errs) < filter.MaxErrors {
		p.errs = append(p.errs, &filter.Error{
			Range: filter.Range{Start: start, End: end}, Unknown: unknown, Msg: fmt.Sprintf(format, args...),
		})
	}
}

// next reads a literal or what follows a percent sign.
func (p *parser) next() {
	if p.text[p.pos] != '%' {
		end := strings.IndexByte(p.text[p.pos:], '%')
		if end < 0 {
			end = len(p.text) - p.pos
		}
		p.f.parts = append(p.f.parts, part{literal: p.text[p.pos : p.pos+end]})
		p.pos += end
		return
	}
	start := p.pos
	p.pos++
	width := p.number(start)
	if p.pos == len(p.text) {
		p.fail(start, p.pos, false, "the output ends where a field is expected")
		return
	}
	if p.transformer(width) || p.field(width) {
		return
	}
	p.unknown(start)
}

// number reads the digits after the percent sign.
func (p *parser) number(start int) int {
	n := 0
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		n = min(n*10+int(p.text[p.pos]-'0'), maxWidth+1)
		p.pos++
	}
	if n > maxWidth {
		p.fail(start, p.pos, false, "width is more than %d", maxWidth)
	}
	return n
}

func (p *parser) transformer(width int) bool {
	x, err := filter.ParseTransform(p.text[p.pos:])
	if err != nil {
		p.addAll(err)
		if x == nil {
			p.pos = len(p.text) // nobody knows where it was meant to end
		} else {
			p.pos += x.Len
		}
		return true
	}
	if x == nil {
		return false
	}
	at := filter.Range{Start: p.pos, End: p.pos + x.Len}
	p.pos = at.End
	p.f.parts = append(p.f.parts, part{trans: x, width: width})
	for _, ref := range x.Fields {
		p.f.addField(ref, at)
	}
	return true
}

// addAll takes errors of the text from here on.
func (p *parser) addAll(err error) {
	var list filter.ErrorList
	if !errors.As(err, &list) {
		p.fail(p.pos, p.pos, false, "%v", err)
		return
	}
	for _, e := range list {
		p.fail(p.pos+e.Start, p.pos+e.End, e.Unknown, "%s", e.Msg)
	}
}

// field reads the longest text that is a field.
func (p *parser) field(width int) bool {
	rest := p.text[p.pos:]
	f, name := filter.FieldPrefix(rest)
	if f != nil && f.HasArg {
		if ref, err := field.Bind(f.Name, f.Arg, true); err == nil {
			p.addRef(&ref, f.R.End, width)
			return true
		}
	}
	for n := name; n > 0; n-- {
		if ref, ok := field.Resolve(rest[:n]); ok {
			p.addRef(&ref, n, width)
			return true
		}
	}
	return false
}

func (p *parser) addRef(ref *field.Ref, n, width int) {
	at := filter.Range{Start: p.pos, End: p.pos + n}
	p.pos = at.End
	p.f.parts = append(p.f.parts, part{ref: ref, width: width})
	p.f.addField(ref, at)
}

func (f *Format) addField(ref *field.Ref, at filter.Range) {
	for i := range f.fields {
		if f.fields[i].Name == ref.Text {
			return
		}
	}
	f.fields = append(f.fields, FieldRef{Name: ref.Text, At: at, ref: ref})
}

// unknown says what stands where a field is expected, and steps over it.
func (p *parser) unknown(start int) {
	f, name := filter.FieldPrefix(p.text[p.pos:])
	if f == nil {
		remark := filter.SuggestTransform(p.text[p.pos:])
		if p.text[p.pos] == '%' {
			remark = " (there is no %% for the character itself)"
		}
		p.pos++
		p.fail(start, p.pos, true, "invalid formatting token: no field after %%%s", remark)
		return
	}
	_, err := field.Bind(f.Name, f.Arg, f.HasArg)
	p.pos += name
	p.fail(start, p.pos, true, "%v", err)
}
