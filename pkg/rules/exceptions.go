// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/filter"
)

// exceptionDef is one entry of a rule's exceptions. With single, fields and
// comps have one element and values are plain texts; otherwise each value is a
// row with one element per field.
type exceptionDef struct {
	name          string
	single        bool
	fields, comps []string
	at            [2][]point // where fields and comps are written
	values        []exceptionValue
	pos           point
}

// exceptionValue is a value and the file that it is in.
type exceptionValue struct {
	f *file
	n *yaml.Node
}

// exceptions reads the entries of the item.
func (it *item) exceptions() []*exceptionDef {
	elems, _ := it.sequence("exceptions")
	var defs []*exceptionDef
	for _, n := range elems {
		sub := it.sub(n, "exception")
		if sub == nil {
			continue
		}
		if e := sub.exception(); !sub.bad {
			defs = append(defs, e)
		}
		it.bad = it.bad || sub.bad
	}
	return it.checkExceptionNames(defs)
}

func (it *item) checkExceptionNames(defs []*exceptionDef) []*exceptionDef {
	seen := map[string]bool{}
	for _, e := range defs {
		if seen[e.name] {
			it.r.warnAt(WarnExceptionName, it.f, e.pos, it.loc, "exception %q is defined more than once", e.name)
		}
		seen[e.name] = true
	}
	return defs
}

func (it *item) exception() *exceptionDef {
	e := &exceptionDef{pos: it.f.nodePoint(it.node)}
	e.name, _ = it.required("name")
	if n := it.get("fields"); n != nil {
		e.single = n.Kind == yaml.ScalarNode
		e.fields = it.oneOrMore("fields")
	}
	e.comps = it.oneOrMore("comps")
	e.at = [2][]point{it.places("fields"), it.places("comps")}
	values, _ := it.sequence("values")
	for _, n := range values {
		e.values = append(e.values, exceptionValue{it.f, n})
	}
	return e
}

// places are where the elements are that oneOrMore reads.
func (it *item) places(key string) (at []point) {
	n := it.get(key)
	if n == nil || n.Kind != yaml.SequenceNode {
		n = &yaml.Node{Content: []*yaml.Node{n}}
	}
	for _, e := range n.Content {
		if e != nil {
			at = append(at, it.f.nodePoint(e))
		}
	}
	return at
}

// oneOrMore reads a text or a sequence of texts.
func (it *item) oneOrMore(key string) []string {
	n := it.get(key)
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		s, _ := it.scalar(n, key)
		return []string{strings.TrimSpace(s)}
	}
	texts, _ := it.texts(key)
	for i := range texts {
		texts[i] = strings.TrimSpace(texts[i])
	}
	return texts
}

// addExceptions appends to the exceptions of an earlier definition: a known name
// brings values only, a new one brings its fields too.
func (r *ruleDef) addExceptions(it *item, defs []*exceptionDef) {
	for _, e := range defs {
		if len(e.values) == 0 {
			it.r.warnAt(WarnAppendNoValues, it.f, e.pos, it.loc, "exception %q is appended to without values", e.name)
		}
		old := r.exception(e.name)
		switch {
		case old == nil && (len(e.fields) == 0 || len(e.values) == 0):
			it.r.errorAt(ErrValidate, it.f, e.pos, it.loc, "exception %q is new to rule %q and needs fields and values", e.name, r.name)
			it.bad = true
		case old == nil:
			r.exceptions = append(r.exceptions, e)
		case len(e.fields) > 0 || len(e.comps) > 0:
			it.r.errorAt(ErrValidate, it.f, e.pos, it.loc, "exception %q exists already: an append may bring values, not fields or comps", e.name)
			it.bad = true
		default:
			next := *old
			next.values = append(slices.Clip(old.values), e.values...)
			r.replaceException(&next)
		}
	}
}

func (r *ruleDef) exception(name string) *exceptionDef {
	for _, e := range r.exceptions {
		if e.name == name {
			return e
		}
	}
	return nil
}

func (r *ruleDef) replaceException(e *exceptionDef) {
	for i := range r.exceptions {
		if r.exceptions[i].name == e.name {
			r.exceptions[i] = e
		}
	}
}

// withExceptions is the rule's own condition with the exceptions turned into text;
// ok is false when there are some that cannot be.
func (c *compiler) withExceptions(r *ruleDef) (t text, ok bool) {
	if len(r.exceptions) == 0 || r.cond.b == nil {
		return r.cond, true
	}
	ok = true
	start := r.cond.point(0)
	t.add("(", start)
	t.append(r.cond)
	t.add(")", start)
	for _, e := range r.exceptions {
		x := exceptionCompiler{e: e, of: c, loc: location{"exception", e.name}}
		if part := x.compile(); !x.bad {
			t.append(part)
		}
		ok = ok && !x.bad
	}
	return t, ok
}

// exceptionCompiler writes one exception as condition text.
type exceptionCompiler struct {
	of    *compiler
	e     *exceptionDef
	comps []string
	f     *file // of the value under way
	loc   location
	bad   bool
}

func (c *exceptionCompiler) fail(p point, msg string, args ...any) {
	c.bad = true
	c.of.r.errorAt(ErrValidate, c.of.d.files[p.file], p, c.loc, msg, args...)
}

// check verifies fields and comps, and fills in the comps that are left out.
func (c *exceptionCompiler) check() {
	e := c.e
	if len(e.fields) == 0 {
		c.fail(e.pos, "exception %q needs fields", e.name)
		return
	}
	c.comps = e.comps
	if len(c.comps) == 0 {
		for range e.fields {
			c.comps = append(c.comps, map[bool]string{true: "in", false: "="}[e.single])
		}
	}
	if len(c.comps) != len(e.fields) {
		c.fail(e.at[1][0], "exception %q has %d fields and %d comps: each field needs one", e.name, len(e.fields), len(c.comps))
		return
	}
	for i, f := range e.fields {
		if _, err := field.Lookup(f); err != nil && !strings.Contains(f, "(") {
			c.fail(e.at[0][i], "exception %q: %v", e.name, err)
		}
		if i < len(e.at[1]) {
			c.checkComp(c.comps[i], e.at[1][i])
		}
	}
}

func (c *exceptionCompiler) checkComp(comp string, at point) {
	switch {
	case !filter.IsOperator(comp):
		c.fail(at, "exception %q: unknown operator %q%s", c.e.name, comp, filter.SuggestOperator(comp))
	case comp == filter.OpExists.String():
		c.fail(at, "exception %q: exists takes no value", c.e.name)
	case c.e.single && !isListComp(comp):
		c.fail(at, "exception %q has a single field, so its operator must take a list: in, pmatch, intersects, or an operator with oneof, anyof or allof; not %q", c.e.name, comp)
	}
}

// isListComp tells operators whose right side is a list.
func isListComp(comp string) bool {
	op, modifier, _ := strings.Cut(comp, " ")
	switch strings.TrimSpace(modifier) {
	case "oneof", "anyof", "allof":
		return true
	}
	return op == "in" || op == "pmatch" || op == "intersects"
}

// compile returns the text that follows the condition, nothing without values.
func (c *exceptionCompiler) compile() (t text) {
	c.check()
	if len(c.e.values) == 0 || c.bad {
		return t
	}
	t.add(" and not ", c.e.pos)
	c.values(&t)
	return t
}

func (c *exceptionCompiler) values(t *text) {
	if c.e.single {
		t.add("(", c.e.pos)
		t.add(c.e.fields[0], c.e.at[0][0])
		t.add(" "+c.comps[0]+" (", c.e.pos)
		for i, v := range c.e.values {
			c.f = v.f
			c.separator(t, i, ", ", v.n)
			c.value(t, v.n, "a value, with a single field,")
		}
		t.add("))", c.e.pos)
		return
	}
	t.add("(", c.e.pos)
	for i, row := range c.e.values {
		c.f = row.f
		c.separator(t, i, " or ", row.n)
		c.row(t, row.n)
	}
	t.add(")", c.e.pos)
}

func (c *exceptionCompiler) separator(t *text, i int, sep string, n *yaml.Node) {
	if i > 0 {
		t.add(sep, c.f.nodePoint(n))
	}
}

func (c *exceptionCompiler) row(t *text, row *yaml.Node) {
	p := c.f.nodePoint(row)
	if row.Kind != yaml.SequenceNode || len(row.Content) != len(c.e.fields) {
		c.fail(p, "each value of exception %q must be a sequence of %d elements, one per field", c.e.name, len(c.e.fields))
		return
	}
	t.add("(", p)
	for i, v := range row.Content {
		v = resolveAlias(v)
		c.separator(t, i, " and ", v)
		t.add(c.e.fields[i], c.e.at[0][i])
		t.add(" "+c.comps[i]+" ", p)
		c.element(t, v, isListComp(c.comps[i]))
	}
	t.add(")", p)
}

// element writes one right-hand side; a list operator gets parentheses.
func (c *exceptionCompiler) element(t *text, v *yaml.Node, list bool) {
	p := c.f.nodePoint(v)
	if v.Kind == yaml.SequenceNode {
		t.add("(", p)
		for i, e := range v.Content {
			c.separator(t, i, ", ", v)
			c.value(t, resolveAlias(e), "a nested value")
		}
		t.add(")", p)
		return
	}
	if !list || strings.HasPrefix(v.Value, "(") {
		c.value(t, v, "a value")
		return
	}
	t.add("(", p)
	c.value(t, v, "a value")
	t.add(")", p)
}

func (c *exceptionCompiler) value(t *text, v *yaml.Node, what string) {
	p := c.f.nodePoint(v)
	fault := noText(v)
	if fault == "" && v.Value == "" {
		fault = `is empty: write '""' for the empty text`
	}
	if fault != "" {
		c.fail(p, "exception %q: %s %s", c.e.name, what, fault)
		return
	}
	if strings.HasPrefix(v.Value, "(") {
		t.add(v.Value, p)
		return
	}
	t.add(quoteItem(v.Value), p)
}
