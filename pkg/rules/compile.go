// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/schema"
)

// maxDepth is how deep a condition may nest.
const maxDepth = 1000

// manyEvents is the number of event types above which a condition counts as
// naming none.
const manyEvents = 100

// compiler turns the definitions read so far into a rule set.
type compiler struct {
	d     *definitions
	r     *Result
	lists *substitutions
	texts []placedText
	size  int // end of the address space of texts
}

// placedText is a condition text with its place in the address space that the
// ranges of all trees share: a range then tells which text it is from, however
// deep macros nest.
type placedText struct {
	base int
	t    text
	loc  location // of the item that it is the condition of
}

// place gives t a range of addresses and returns the first.
func (c *compiler) place(t text, loc location) int {
	base := c.size
	c.texts = append(c.texts, placedText{base, t, loc})
	c.size += len(t.b) + 1
	return base
}

// point returns where the byte at an address was written.
func (c *compiler) point(addr int) point {
	p, _ := c.written(addr)
	return p
}

// between is the text at a range of addresses.
func (c *compiler) between(start, end int) string {
	i := sort.Search(len(c.texts), func(i int) bool { return c.texts[i].base > start }) - 1
	if i < 0 {
		return ""
	}
	b := c.texts[i].t.b
	return string(b[min(start-c.texts[i].base, len(b)):min(end-c.texts[i].base, len(b))])
}

// written returns where the byte at an address was written, and in which item.
func (c *compiler) written(addr int) (point, location) {
	i := sort.Search(len(c.texts), func(i int) bool { return c.texts[i].base > addr }) - 1
	if i < 0 {
		return point{line: 1, col: 1}, location{}
	}
	return c.texts[i].t.point(addr - c.texts[i].base), c.texts[i].loc
}

func (c *compiler) compile() *Set {
	set := &Set{RequiredEngine: c.d.engine}
	for _, m := range c.d.macros.all {
		m.work, m.used = macroWork{}, false
	}
	for _, m := range c.d.macros.all {
		c.expandMacro(m)
	}
	for _, def := range c.d.rules.all {
		if r := c.rule(def, len(set.Rules)); r != nil {
			set.Rules = append(set.Rules, r)
		}
	}
	return set
}

// macroWork is the state of a macro while its file is compiled.
type macroWork struct {
	state  macroState
	macro  *Macro
	broken bool // reported already: whoever uses it stays silent
}

type macroState uint8

const (
	macroNew macroState = iota
	macroBusy
	macroDone
)

// scope is one text whose macro references are being resolved.
type scope struct {
	c      *compiler
	loc    location
	last   int // macros first defined from here on are not visible; 0: all are
	uses   []*Macro
	lists  []*listDef
	broken bool
}

// lookup resolves a macro name for filter.Expand.
func (s *scope) lookup(name string) (filter.Node, bool) {
	def := s.c.d.macros.get(name)
	if def == nil || s.last > 0 && def.first >= s.last {
		return nil, false
	}
	def.used = true
	if def.work.state == macroBusy {
		return nil, false
	}
	s.c.expandMacro(def)
	if def.work.broken {
		s.broken = true
		return &filter.And{}, true // thrown away with the rule
	}
	if !slices.Contains(s.uses, def.work.macro) {
		s.uses = append(s.uses, def.work.macro)
	}
	return def.work.macro.Node, true
}

// expandMacro parses a macro and resolves the macros that it names.
func (c *compiler) expandMacro(def *macroDef) {
	if def.work.state != macroNew {
		return
	}
	if def.broken {
		def.work = macroWork{state: macroDone, broken: true}
		return
	}
	def.work.state = macroBusy
	s := scope{c: c, loc: location{"macro", def.name}, last: def.last}
	node, ok := s.parse(def.cond)
	def.work.macro = &Macro{
		Name: def.name, Pos: c.pos(def.pos), Node: node, Uses: s.uses,
		changes: c.places(def.changes), lists: s.lists,
	}
	def.work.broken = !ok
	def.work.state = macroDone
}

// parse substitutes lists, parses and expands macros.
func (s *scope) parse(t text) (filter.Node, bool) {
	if t.b == nil {
		return nil, false // reported already
	}
	t, s.lists = s.c.lists.substitute(t)
	if slices.ContainsFunc(s.lists, func(l *listDef) bool { return l.broken }) {
		return nil, false // reported already
	}
	base := s.c.place(t, s.loc)
	node, err := filter.Parse(t.String(), filter.ParseOptions{MaxDepth: maxDepth, Base: base})
	if err != nil {
		s.report(ErrCompileCondition, s.explain(err, t, base))
		return nil, false
	}
	node, err = filter.Expand(node, s.lookup)
	if err != nil {
		s.report(ErrValidate, err)
		return nil, false
	}
	return node, !s.broken
}

// explain adds to errors of a text, whose first byte has the address base, how
// it reads where that is not as in the file.
func (s *scope) explain(err error, t text, base int) error {
	var list filter.ErrorList
	if !errors.As(err, &list) {
		return err
	}
	gone := slices.ContainsFunc(s.lists, func(l *listDef) bool { return len(l.items) == 0 })
	for _, e := range list {
		start, end := e.Start-base, e.End-base
		if gone || t.madeUp(start, end) {
			e.Msg += ", in: " + strings.TrimSpace(filter.NewExcerpt(t.String(), filter.Range{Start: start, End: end}).Line)
		}
	}
	return list
}

// report records the errors of a condition where they were written.
func (s *scope) report(code Code, err error) {
	var list filter.ErrorList
	if !errors.As(err, &list) {
		list = filter.ErrorList{{Msg: err.Error()}}
	}
	for _, e := range list {
		p := s.c.point(e.Start)
		near := ""
		if code == ErrValidate {
			near = s.c.nearMacro(s.c.between(e.Start, e.End))
		}
		s.c.r.errorSpan(code, s.c.d.files[p.file], p, e.End-e.Start, s.loc, "%s%s", e.Msg, near)
	}
}

// nearMacro is a remark on a macro whose name is close to one that is unknown.
func (c *compiler) nearMacro(name string) string {
	var names []string
	for _, m := range c.d.macros.all {
		switch {
		case m.name == name && m.work.state == macroBusy:
			return " (the macro refers to itself)"
		case m.name == name:
			return fmt.Sprintf(" (it is defined behind this macro, at %s, and a macro sees only those before it)", c.pos(m.pos))
		}
		names = append(names, m.name)
	}
	return didYouMean(name, names)
}

func (c *compiler) pos(p point) Pos { return c.d.files[p.file].pos(p) }

// rule compiles one rule; nil when it is invalid or to be skipped.
func (c *compiler) rule(def *ruleDef, index int) *Rule {
	loc := location{"rule", def.name}
	f := c.d.files[def.pos.file]
	if def.source != SyscallSource {
		c.r.warnAt(WarnUnknownSource, f, def.pos, loc, "unknown event source %q, the rule is skipped", def.source)
		return nil
	}
	cond, whole := c.withExceptions(def)
	s := scope{c: c, loc: loc}
	r := def.rule(index, c.pos(def.pos))
	node, ok := s.parse(cond)
	r.ConditionText, r.Condition, r.Macros = cond.String(), node, s.uses
	ok = ok && c.check(&s, def, r)
	if skipped := def.skipUnknown && !ok; skipped || !c.output(def, r, loc) || !ok || !whole || def.broken {
		return nil
	}
	r.Parts, r.Origins = c.parts(nil, node), c.origins(def, &s)
	if def.warnEvttypes && r.Events.Len() > manyEvents {
		c.r.warnAt(WarnNoEventType, f, def.pos, loc, "the condition matches %d event types: name some with evt.type, or set warn_evttypes: false", r.Events.Len())
	}
	return r
}

func (def *ruleDef) rule(index int, pos Pos) *Rule {
	tags := slices.Clone(def.tags)
	slices.Sort(tags)
	return &Rule{
		Index: index, Name: def.name, Desc: def.desc, Source: def.source, Priority: def.priority,
		Tags: slices.Compact(tags), Enabled: def.enabled, Capture: def.capture,
		CaptureDuration: def.captureDuration, Pos: pos,
	}
}

// check types the condition and works out the events it is for.
func (c *compiler) check(s *scope, def *ruleDef, r *Rule) bool {
	c.warnUnsafeNA(r.Condition, s.loc)
	checked, warnings, err := filter.Check(r.Condition)
	if err == nil {
		r.Events, r.SCs, err = filter.Codes(r.Condition)
	}
	switch {
	case err == nil:
	case def.skipUnknown && filter.IsUnknownName(err):
		f := c.d.files[def.pos.file]
		c.r.warnAt(WarnUnknownFilter, f, def.pos, s.loc, "the rule is skipped: %v", err)
		return false
	default:
		s.report(ErrCompileCondition, err)
		return false
	}
	r.Checked = checked
	r.Events.Add(schema.EvAsynceventE)
	for _, w := range warnings {
		p := c.point(w.Start)
		if w.Deprecated {
			c.r.warnDeprecatedField(c.d.files[p.file], p, w.End-w.Start, s.loc, w.Field, w.Msg)
			continue
		}
		c.r.warnAt(WarnCompileCondition, c.d.files[p.file], p, s.loc, "%s", w.Msg)
	}
	return true
}

// warnUnsafeNA remarks on comparisons with <NA> of fields that have no value
// then.
func (c *compiler) warnUnsafeNA(n filter.Node, loc location) {
	filter.Walk(n, func(n filter.Node) bool {
		test, ok := n.(*filter.Test)
		if !ok {
			return true
		}
		f, ok := test.Left.(*filter.Field)
		if !ok || !strings.HasPrefix(f.Name, "ka.") && !strings.HasPrefix(f.Name, "jevt.") || !comparesWhole(test.Op) {
			return true
		}
		for _, text := range filter.Texts(test.Right) {
			if text.Text == "<NA>" {
				p := c.point(text.R.Start)
				c.r.warnAt(WarnUnsafeNACheck, c.d.files[p.file], p, loc, "%s has no value rather than the text <NA>: use exists", f.Full())
			}
		}
		return true
	})
}

func comparesWhole(op filter.Op) bool {
	switch op {
	case filter.OpEq, filter.OpNe, filter.OpIn, filter.OpIntersects, filter.OpPMatch:
		return true
	}
	return false
}

// warnUnused names macros and lists that nothing refers to.
func (c *compiler) warnUnused() {
	for _, m := range c.d.macros.all {
		if !m.used {
			c.r.warnAt(WarnUnusedMacro, c.d.files[m.pos.file], m.pos, location{"macro", m.name}, "macro %q is not used", m.name)
		}
	}
	for _, l := range c.d.lists.all {
		if !l.used {
			c.r.warnAt(WarnUnusedList, c.d.files[l.pos.file], l.pos, location{"list", l.name}, "list %q is not used", l.name)
		}
	}
}
