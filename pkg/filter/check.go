// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/internal/nearest"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Checked is a condition whose fields exist and whose tests make sense.
type Checked struct {
	root   *checkedNode
	Fields []*field.Ref // every field that it reads, in the order of the text
}

// checkedNode is a node of the typed tree: a chain of kids or a test.
type checkedNode struct {
	kind   nodeKind
	kids   []*checkedNode
	test   *checkedTest
	varies bool // with the event type
}

type nodeKind uint8

const (
	nodeAnd nodeKind = iota
	nodeOr
	nodeNot
	nodeTest
)

// checkedTest is a test with types: its constants are read, its pattern is
// compiled.
type checkedTest struct {
	left   *expr
	op     Op
	mod    Modifier
	consts []constant
	texts  []string // the constants as written
	right  *expr    // the right-hand operand, nil with constants
	regex  []*regexp.Regexp
	key    string // two tests of one operand with equal keys say the same; empty with right
}

// Check gives n types. Macro references must be expanded. The error is an
// ErrorList.
func Check(n Node) (*Checked, []Warning, error) {
	c := &checker{out: &Checked{}}
	c.out.root = c.node(n)
	c.errs = append(c.errs, codeErrors(n)...)
	slices.SortStableFunc(c.errs, func(a, b *Error) int { return a.Start - b.Start })
	if len(c.errs) > MaxErrors {
		c.errs = c.errs[:MaxErrors]
	}
	if len(c.errs) > 0 {
		return nil, c.warnings, c.errs
	}
	return c.out, c.warnings, nil
}

type checker struct {
	out      *Checked
	errs     ErrorList
	warnings []Warning
}

func (c *checker) addErr(r Range, err error) {
	c.errs.add(r, "%s", err.Error())
	var unknown *field.UnknownError
	if errors.As(err, &unknown) && len(c.errs) > 0 {
		c.errs[len(c.errs)-1].Unknown = true
	}
}

// noteField records a field for Checked and warns when it is deprecated.
func (c *checker) noteField(f *Field, ref *field.Ref) {
	c.out.Fields = append(c.out.Fields, ref)
	if ref.Flags&field.Deprecated != 0 {
		c.warnings = append(c.warnings, Warning{
			Range: f.R, Deprecated: true, Field: ref.Name,
			Msg: "field " + f.Full() + " is deprecated: " + ref.Desc,
		})
	}
}

func (c *checker) node(n Node) *checkedNode {
	switch n := n.(type) {
	case *And:
		return c.chain(nodeAnd, n.Kids...)
	case *Or:
		return c.chain(nodeOr, n.Kids...)
	case *Not:
		return c.chain(nodeNot, n.Kid)
	case *Macro:
		c.errs.add(n.R, "unknown macro %s, or a field without an operator", n.Name)
	case *Test:
		return c.leaf(n)
	}
	return nil
}

// chain types the kids of a node, nil for those that have errors.
func (c *checker) chain(kind nodeKind, list ...Node) *checkedNode {
	out := &checkedNode{kind: kind, kids: make([]*checkedNode, len(list))}
	for i, n := range list {
		kid := c.node(n)
		out.kids[i] = kid
		out.varies = out.varies || kid != nil && kid.varies
	}
	return out
}

func (c *checker) leaf(n *Test) *checkedNode {
	t := c.test(n)
	if t == nil {
		return nil
	}
	if t.right == nil {
		t.key = t.op.String() + " " + t.mod.String() + strconv.Itoa(len(t.texts)) + constKey(t.texts)
	}
	return &checkedNode{kind: nodeTest, test: t, varies: t.left.varies() || t.right != nil && t.right.varies()}
}

func constKey(texts []string) string {
	var b []byte
	for _, s := range texts {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(append(b, ':'), s...)
	}
	return string(b)
}

// test reports one fault at most: what follows from it would only confuse.
func (c *checker) test(t *Test) *checkedTest {
	left := c.operand(t.Left, false)
	if left == nil {
		return nil
	}
	if !opsOf(left.typ, left.list).has(t.Op) {
		c.errs.add(t.Left.Range(), "%s is %s, but %s wants %s", describe(t.Left), typeWord(left.typ, left.list), t.Op, opWants(t.Op))
		return nil
	}
	if t.Mod != ModNone && left.list {
		c.errs.add(t.Left.Range(), "%s is %s, but %s wants a single value", describe(t.Left), typeWord(left.typ, true), t.Mod)
		return nil
	}
	out := &checkedTest{left: left, op: t.Op, mod: t.Mod}
	if left.kind == exprField && left.ref.Match == field.MatchWithin {
		if t.Op != OpEq || t.Mod != ModNone {
			c.errs.add(t.Left.Range(), "%s wants = and one number", describe(t.Left))
			return nil
		}
		out.op = OpLe // the value is a distance
	}
	switch {
	case t.Right == nil:
		return out
	case isTransform(t.Right):
		return c.rightOperand(t, out)
	}
	return c.rightConstants(t, out)
}

func describe(o Operand) string {
	if f, ok := o.(*Field); ok {
		return "field " + f.Full()
	}
	return string(o.appendOperand(nil))
}

func (c *checker) rightOperand(t *Test, out *checkedTest) *checkedTest {
	r := c.operand(t.Right, false)
	if r == nil {
		return nil
	}
	at := t.Right.Range()
	switch {
	case t.Op == OpPMatch || t.Op == OpRegex:
		c.errs.add(at, "%s wants constants on the right side", t.Op)
	case field.KindOf(out.left.typ) == field.KindNet:
		c.errs.add(at, "%s is a network and compares with constants only", describe(t.Left))
	case readsNoRHS(out.left):
		c.errs.add(at, "%s compares with constants only", describe(t.Left))
	case readsNoRHS(r):
		c.errs.add(at, "%s cannot stand on the right side", describe(t.Right))
	case r.typ != out.left.typ || r.list != out.left.list:
		c.errs.add(at, "%s is %s, but %s is %s (%s)", describe(t.Left), typeWord(out.left.typ, out.left.list),
			describe(t.Right), typeWord(r.typ, r.list), "both sides must have the same type")
	default:
		out.right = r
		return out
	}
	return nil
}

// readsNoRHS tells whether e is a field that refuses a right-hand operand.
func readsNoRHS(e *expr) bool {
	return e.kind == exprField && e.ref.Flags&field.NoRHS != 0
}

func (c *checker) rightConstants(t *Test, out *checkedTest) *checkedTest {
	c.warnNoList(t.Right)
	texts := Texts(t.Right)
	out.consts, out.texts = make([]constant, 0, len(texts)), make([]string, 0, len(texts))
	ok := true
	for _, text := range texts {
		v, err := parseConstant(out.left.typ, t.Op, text.Text)
		if err != nil {
			c.errs.add(text.R, "%s: %v", describe(t.Left), err)
			ok = false
			continue
		}
		ok = c.knownType(t, text) && ok
		c.warnConstant(text)
		out.consts = append(out.consts, v)
		out.texts = append(out.texts, text.Text)
	}
	if t.Op == OpRegex {
		ok = c.compileRegexes(t, out) && ok
	}
	if !ok {
		return nil
	}
	return out
}

func (c *checker) compileRegexes(t *Test, out *checkedTest) bool {
	ok := true
	for _, text := range Texts(t.Right) {
		m, err := compileRegex(text.Text)
		if err != nil {
			c.errs.add(text.R, "%v", err)
			ok = false
			continue
		}
		c.warnRegex(text)
		out.regex = append(out.regex, m)
	}
	return ok
}

// knownType refuses constants of evt.type that name no event.
func (c *checker) knownType(t *Test, text *Text) bool {
	f, ok := t.Left.(*Field)
	if !ok || f.HasArg || f.Name != fieldEvtType || typeExists(text.Text) {
		return true
	}
	msg := "unknown event type " + text.Text
	if s := nearest.To(text.Text, typeNames()); s != "" {
		msg += " (did you mean " + s + "?)"
	}
	c.errs.add(text.R, "%s", msg)
	c.errs[len(c.errs)-1].Unknown = true
	return false
}

func typeExists(name string) bool {
	_, isSC := schema.SCByName(name)
	return isSC || len(schema.EventsByName(name)) > 0
}

// typeNames are the names of all events and system calls, sorted.
func typeNames() []string {
	seen := map[string]bool{}
	for i := range schema.Events {
		seen[schema.Events[i].Name] = true
	}
	for i := range schema.Syscalls {
		seen[schema.Syscalls[i].Name] = true
	}
	delete(seen, "")
	delete(seen, "NA")
	return slices.Sorted(maps.Keys(seen))
}
