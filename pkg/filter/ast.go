// SPDX-License-Identifier: Apache-2.0

package filter

// Range is a half-open range of bytes of a condition text. Who reads several
// texts gives each its own ParseOptions.Base; then a range also tells which
// text it is from.
type Range struct {
	Start, End int
}

func (r Range) to(end Range) Range { return Range{Start: r.Start, End: end.End} }

// Node is a condition or a part of one: *And, *Or, *Not, *Macro or *Test.
type Node interface {
	Range() Range
	// String is the canonical text; Parse reads it back to an equal tree.
	String() string
	appendTo(dst []byte) []byte
}

// And holds when all of its two or more kids hold.
type And struct {
	Kids []Node
	R    Range
}

// Or holds when one of its two or more kids holds.
type Or struct {
	Kids []Node
	R    Range
}

// Not holds when its kid does not.
type Not struct {
	Kid Node
	R   Range
}

// Macro is a name that stands for another condition; Expand replaces it.
type Macro struct {
	Name string
	R    Range
}

// Test compares an operand with constants or with another operand.
type Test struct {
	Left  Operand
	Op    Op
	OpR   Range
	Mod   Modifier
	Right Operand // nil for exists
	R     Range
}

func (n *And) Range() Range   { return n.R }
func (n *Or) Range() Range    { return n.R }
func (n *Not) Range() Range   { return n.R }
func (n *Macro) Range() Range { return n.R }
func (n *Test) Range() Range  { return n.R }

// Operand is one side of a test or an argument of a transformer: *Field,
// *Transform, *Text or *List.
type Operand interface {
	Range() Range
	appendOperand(dst []byte) []byte
}

// Field names a field, with the text between its brackets.
type Field struct {
	Name   string
	Arg    string
	HasArg bool // f[""] is not f
	R      Range
}

// Text is a constant. Numbers are text too: the field's type reads them.
type Text struct {
	Text   string
	Quoted bool // was written in quotes; plays no part in equality
	Number bool // an unquoted number, as argument of a transformer
	R      Range
}

// List is a list of constants, or of operands as argument of a transformer.
type List struct {
	Items []Operand
	Name  bool // one bare name without parentheses, as in "in my_list"
	R     Range
}

// Transform applies a transformer to its arguments.
type Transform struct {
	Kind   TransformKind
	Args   []Operand
	Arg    string // the text between the brackets after it
	HasArg bool
	NameR  Range
	R      Range
}

func (o *Field) Range() Range     { return o.R }
func (o *Text) Range() Range      { return o.R }
func (o *List) Range() Range      { return o.R }
func (o *Transform) Range() Range { return o.R }

// Full is the name of the field as rules write it: name[arg].
func (o *Field) Full() string {
	if !o.HasArg {
		return o.Name
	}
	return o.Name + "[" + o.Arg + "]"
}

// Texts returns the constants of a right-hand side, nil when it is not
// constant.
func Texts(o Operand) []*Text {
	switch o := o.(type) {
	case *Text:
		return []*Text{o}
	case *List:
		out := make([]*Text, 0, len(o.Items))
		for _, it := range o.Items {
			t, ok := it.(*Text)
			if !ok {
				return nil
			}
			out = append(out, t)
		}
		return out
	}
	return nil
}

// Walk calls fn for n and every node below it, parents first, until fn says
// no.
func Walk(n Node, fn func(Node) bool) {
	if !fn(n) {
		return
	}
	switch n := n.(type) {
	case *And:
		for _, k := range n.Kids {
			Walk(k, fn)
		}
	case *Or:
		for _, k := range n.Kids {
			Walk(k, fn)
		}
	case *Not:
		Walk(n.Kid, fn)
	}
}

// operandFields calls fn for every field that o names, arguments of transformers
// included.
func operandFields(o Operand, fn func(*Field)) {
	switch o := o.(type) {
	case *Field:
		fn(o)
	case *List:
		for _, it := range o.Items {
			operandFields(it, fn)
		}
	case *Transform:
		for _, a := range o.Args {
			operandFields(a, fn)
		}
	}
}

// Equal tells whether two trees say the same; ranges and quotes do not count.
func Equal(a, b Node) bool {
	switch a := a.(type) {
	case *And:
		b, ok := b.(*And)
		return ok && equalKids(a.Kids, b.Kids)
	case *Or:
		b, ok := b.(*Or)
		return ok && equalKids(a.Kids, b.Kids)
	case *Not:
		b, ok := b.(*Not)
		return ok && Equal(a.Kid, b.Kid)
	case *Macro:
		b, ok := b.(*Macro)
		return ok && a.Name == b.Name
	case *Test:
		b, ok := b.(*Test)
		return ok && a.Op == b.Op && a.Mod == b.Mod &&
			equalOperands(a.Left, b.Left) && equalOperands(a.Right, b.Right)
	}
	return a == nil && b == nil
}

func equalKids(a, b []Node) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalOperands(a, b Operand) bool {
	switch a := a.(type) {
	case *Field:
		b, ok := b.(*Field)
		return ok && a.Name == b.Name && a.HasArg == b.HasArg && a.Arg == b.Arg
	case *Text:
		b, ok := b.(*Text)
		return ok && a.Text == b.Text && a.Number == b.Number
	case *List:
		b, ok := b.(*List)
		return ok && a.Name == b.Name && equalItems(a.Items, b.Items)
	case *Transform:
		b, ok := b.(*Transform)
		return ok && a.Kind == b.Kind && a.HasArg == b.HasArg && a.Arg == b.Arg &&
			equalItems(a.Args, b.Args)
	}
	return a == nil && b == nil
}

func equalItems(a, b []Operand) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equalOperands(a[i], b[i]) {
			return false
		}
	}
	return true
}
