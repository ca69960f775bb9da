// SPDX-License-Identifier: Apache-2.0

package rules

import (
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
	values        []*yaml.Node
	f             *file
	pos           point
}

// exceptions reads the entries of the item.
func (it *item) exceptions() []*exceptionDef {
	elems, _ := it.sequence("exceptions")
	var defs []*exceptionDef
	for _, n := range elems {
		if n.Kind != yaml.MappingNode {
			it.fail(n, ErrYAMLValidate, "an exception is a mapping with name, fields, comps and values, not %s", kindName(n))
			continue
		}
		sub := &item{f: it.f, r: it.r, node: n, loc: it.loc}
		sub.warnUnknownKeys("exception")
		defs = append(defs, sub.exception())
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
	e := &exceptionDef{f: it.f, pos: it.f.nodePoint(it.node)}
	if n := it.get("name"); n == nil {
		it.fail(it.node, ErrYAMLValidate, "an exception needs the key \"name\"")
	} else {
		e.name, _ = it.scalar(n, "name")
	}
	if n := it.get("fields"); n != nil {
		e.single = n.Kind == yaml.ScalarNode
		e.fields = it.oneOrMore("fields")
	}
	e.comps = it.oneOrMore("comps")
	e.at = [2][]point{it.places("fields"), it.places("comps")}
	e.values, _ = it.sequence("values")
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
			next.values = append(append([]*yaml.Node{}, old.values...), e.values...)
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

// condition is the rule's own condition with the exceptions turned into text.
func (r *ruleDef) condition(res *Result) (t text, ok bool) {
	if len(r.exceptions) == 0 {
		return r.cond, true
	}
	ok = true
	start := r.cond.point(0)
	t.add("(", start)
	t.append(r.cond)
	t.add(")", start)
	for _, e := range r.exceptions {
		c := exceptionCompiler{e: e, res: res, loc: location{"exception", e.name}}
		c.check()
		if len(e.values) > 0 && !c.bad {
			t.add(" and not ", e.pos)
			c.compile(&t)
		}
		ok = ok && !c.bad
	}
	return t, ok
}

// exceptionCompiler writes one exception as condition text.
type exceptionCompiler struct {
	e     *exceptionDef
	comps []string
	res   *Result
	loc   location
	bad   bool
}

func (c *exceptionCompiler) fail(p point, msg string, args ...any) {
	c.bad = true
	c.res.errorAt(ErrValidate, c.e.f, p, c.loc, msg, args...)
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

func (c *exceptionCompiler) compile(t *text) {
	if c.e.single {
		t.add("("+c.e.fields[0]+" "+c.comps[0]+" (", c.e.pos)
		for i, v := range c.e.values {
			c.separator(t, i, ", ", v)
			c.value(t, v, "a value of an exception with a single field")
		}
		t.add("))", c.e.pos)
		return
	}
	t.add("(", c.e.pos)
	for i, row := range c.e.values {
		c.separator(t, i, " or ", row)
		c.row(t, row)
	}
	t.add(")", c.e.pos)
}

func (c *exceptionCompiler) separator(t *text, i int, sep string, n *yaml.Node) {
	if i > 0 {
		t.add(sep, c.e.f.nodePoint(n))
	}
}

func (c *exceptionCompiler) row(t *text, row *yaml.Node) {
	p := c.e.f.nodePoint(row)
	if row.Kind != yaml.SequenceNode || len(row.Content) != len(c.e.fields) {
		c.fail(p, "each value of exception %q must be a sequence of %d elements, one per field", c.e.name, len(c.e.fields))
		return
	}
	t.add("(", p)
	for i, v := range row.Content {
		v = resolveAlias(v)
		c.separator(t, i, " and ", v)
		t.add(c.e.fields[i]+" "+c.comps[i]+" ", p)
		c.element(t, v, isListComp(c.comps[i]))
	}
	t.add(")", p)
}

// element writes one right-hand side; a list operator gets parentheses.
func (c *exceptionCompiler) element(t *text, v *yaml.Node, list bool) {
	p := c.e.f.nodePoint(v)
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
	p := c.e.f.nodePoint(v)
	if v.Kind != yaml.ScalarNode {
		c.fail(p, "exception %q: %s must be a text, not %s", c.e.name, what, kindName(v))
		return
	}
	if strings.HasPrefix(v.Value, "(") {
		t.add(v.Value, p)
		return
	}
	t.add(quoteItem(v.Value), p)
}
