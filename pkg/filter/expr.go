// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
)

// expr is an operand with a type: a field, a constant, a list of operands or a
// transformer on operands.
type expr struct {
	ref  *field.Ref // a field
	text string     // a constant
	kind exprKind
	tr   TransformKind
	args []*expr
	opt  string // getopt(…)[opt]

	typ  schema.ParamType
	list bool
	key  string // two operands with equal keys have equal values
}

type exprKind uint8

const (
	exprField exprKind = iota
	exprConst
	exprList
	exprTransform
)

// varies tells whether the event type may change what the operand is.
func (e *expr) varies() bool {
	return e.ref != nil && e.ref.Varies() || slices.ContainsFunc(e.args, (*expr).varies)
}

// operand types o, in a transformer or outside of any.
func (c *checker) operand(o Operand, inside bool) *expr {
	switch o := o.(type) {
	case *Field:
		return c.field(o, inside)
	case *Text:
		return constExpr(o)
	case *List:
		return c.exprList(o)
	case *Transform:
		return c.transform(o, inside)
	}
	return nil
}

func (c *checker) field(f *Field, inside bool) *expr {
	ref, err := field.Bind(f.Name, f.Arg, f.HasArg)
	if err != nil {
		c.addErr(f.R, err)
		return nil
	}
	if inside && ref.Flags&field.NoTransformer != 0 {
		c.errs.add(f.R, "field %s cannot stand in a transformer", f.Full())
		return nil
	}
	c.noteField(f, &ref)
	return &expr{kind: exprField, ref: &ref, typ: ref.Type, list: ref.List, key: fieldKey(f)}
}

// fieldKey keeps f[""] and f apart.
func fieldKey(f *Field) string { return string(f.appendOperand(nil)) }

func constExpr(t *Text) *expr {
	e := &expr{kind: exprConst, text: t.Text, typ: schema.PTCharBuf, key: Quote(t.Text)}
	if t.Number {
		e.typ, e.key = schema.PTUint64, t.Text
	}
	return e
}

func (c *checker) exprList(l *List) *expr {
	e := &expr{kind: exprList, typ: schema.PTCharBuf, list: true}
	keys := []string{}
	for i, it := range l.Items {
		a := c.operand(it, true)
		if a == nil {
			return nil
		}
		if a.list {
			c.errs.add(it.Range(), "an element of a list must not be a list")
			return nil
		}
		if i > 0 && a.typ != e.typ {
			c.errs.add(it.Range(), "the elements of a list must have one type, found %s after %s", typeWord(a.typ, false), typeWord(e.typ, false))
			return nil
		}
		e.typ = a.typ
		e.args = append(e.args, a)
		keys = append(keys, a.key)
	}
	e.key = "(" + strings.Join(keys, ", ") + ")"
	return e
}

// transform checks the arguments against the table of transformers.
func (c *checker) transform(t *Transform, inside bool) *expr {
	sig := signatures[t.Kind]
	if t.Kind == TransVal {
		return c.val(t, inside)
	}
	e := &expr{kind: exprTransform, tr: t.Kind, opt: t.Arg}
	if len(t.Args) < sig.minArgs || len(t.Args) > sig.maxArgs {
		c.errs.add(t.R, "%s wants %s, found %d", t.Kind, sig.argsText(), len(t.Args))
		return nil
	}
	if t.HasArg && t.Kind != TransGetopt {
		c.errs.add(t.R, "%s takes nothing in brackets", t.Kind)
		return nil
	}
	keys := make([]string, len(t.Args))
	for i, a := range t.Args {
		arg := c.operand(a, true)
		if arg == nil {
			return nil
		}
		if want := sig.check(i, arg); want != "" {
			c.errs.add(a.Range(), "%s wants %s, found %s", t.Kind, want, typeWord(arg.typ, arg.list))
			return nil
		}
		e.args = append(e.args, arg)
		keys[i] = arg.key
	}
	e.typ, e.list = sig.result(e.args, t.HasArg)
	e.key = t.Kind.String() + "(" + strings.Join(keys, ", ") + ")"
	if t.HasArg {
		e.key += "[" + strconv.Quote(t.Arg) + "]"
	}
	return e
}

// val is the field itself.
func (c *checker) val(t *Transform, inside bool) *expr {
	if t.HasArg {
		c.errs.add(t.R, "val takes nothing in brackets")
		return nil
	}
	return c.operand(t.Args[0], inside)
}

// signature is what a transformer takes and gives.
type signature struct {
	minArgs, maxArgs int
	check            func(i int, arg *expr) (want string)
	result           func(args []*expr, hasArg bool) (schema.ParamType, bool)
}

func (s *signature) argsText() string {
	switch {
	case s.minArgs == s.maxArgs && s.minArgs == 1:
		return "one argument"
	case s.minArgs == s.maxArgs:
		return fmt.Sprintf("%d arguments", s.minArgs)
	}
	return fmt.Sprintf("%d arguments or more", s.minArgs)
}

const manyArgs = 1 << 20

// signatures is the one table of transformers.
var signatures = [...]signature{
	TransVal:      {1, 1, nil, nil},
	TransToLower:  {1, 1, wantText, sameType},
	TransToUpper:  {1, 1, wantText, sameType},
	TransB64:      {1, 1, wantB64, sameType},
	TransBasename: {1, 1, wantText, sameType},
	TransLen:      {1, 1, wantLen, givesNumber},
	TransJoin:     {2, 2, wantJoin, givesText},
	TransConcat:   {2, manyArgs, wantConcat, givesText},
	TransGetopt:   {2, 2, wantGetopt, givesGetopt},
}

func isText(e *expr) bool { return field.KindOf(e.typ) == field.KindText }

func wantText(_ int, e *expr) string {
	if isText(e) {
		return ""
	}
	return "a text"
}

func wantB64(_ int, e *expr) string {
	if slices.Contains([]schema.ParamType{schema.PTCharBuf, schema.PTByteBuf}, e.typ) {
		return ""
	}
	return "a text or a byte buffer"
}

func wantLen(_ int, e *expr) string {
	if e.list || isText(e) || e.typ == schema.PTByteBuf {
		return ""
	}
	return "a text, a byte buffer or a list"
}

func wantJoin(i int, e *expr) string {
	switch {
	case i == 0 && (e.list || e.typ != schema.PTCharBuf):
		return "a text as the separator"
	case i == 1 && (!e.list || e.typ != schema.PTCharBuf):
		return "a list of texts"
	}
	return ""
}

func wantConcat(_ int, e *expr) string {
	if e.list || e.typ != schema.PTCharBuf {
		return "single texts"
	}
	return ""
}

func wantGetopt(i int, e *expr) string {
	switch {
	case i == 0 && (!e.list || e.typ != schema.PTCharBuf):
		return "a list of texts"
	case i == 1 && (e.list || e.typ != schema.PTCharBuf):
		return "a text with the option letters"
	}
	return ""
}

func sameType(args []*expr, _ bool) (schema.ParamType, bool) { return args[0].typ, args[0].list }
func givesNumber([]*expr, bool) (schema.ParamType, bool)     { return schema.PTUint64, false }
func givesText([]*expr, bool) (schema.ParamType, bool)       { return schema.PTCharBuf, false }

func givesGetopt(_ []*expr, hasArg bool) (schema.ParamType, bool) { return schema.PTCharBuf, !hasArg }
