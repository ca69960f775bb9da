// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Compiler turns checked conditions into programs for one event type each. All
// rules of a set share one: sub-conditions and operands that are equal become
// one node, which is evaluated at most once per event. A Compiler and its
// programs are for one goroutine.
type Compiler struct {
	serial  uint64 // of the event; stale values have an older one
	evals   uint64
	version uint64 // of what seal made
	sealed  bool
	nodes   map[string]*node
	list    []*node                // the same in the order of their making
	settled map[*checkedNode]*node // of conditions that are the same for all event types
	sources map[string]*source
	indexes []*index
	memo    memo
	stats   CompilerStats
}

// CompilerStats say how much was shared.
type CompilerStats struct {
	Tests   int // comparisons asked for
	Nodes   int // nodes made for them and for their combinations
	Sources int // operands that are extracted
	Indexes int // that each find which of several comparisons hold
	Indexed int // comparisons that are found in an index
	Kept    int // nodes and indexes whose value is kept with the thread
	Threads int // whose values are kept at most
}

// NewCompiler returns an empty Compiler.
func NewCompiler() *Compiler {
	return &Compiler{serial: 1, nodes: map[string]*node{}, settled: map[*checkedNode]*node{}, sources: map[string]*source{}}
}

// Stats returns what was compiled so far.
func (c *Compiler) Stats() CompilerStats {
	c.seal()
	s := c.stats
	s.Nodes, s.Sources = len(c.nodes), len(c.sources)
	return s
}

// Evaluated is how many nodes were evaluated so far, all programs together. A
// look into an index counts as one, a value that was kept does not count.
func (c *Compiler) Evaluated() uint64 { return c.evals }

// Program is a condition compiled for one event type.
type Program struct {
	c    *Compiler
	root *node
}

// Begin starts an event: what was remembered of the one before is forgotten.
func (c *Compiler) Begin() {
	c.seal()
	c.serial++
}

// Eval tells whether the condition holds for the event that Begin started.
// Programs of one Compiler share what they find out about it.
func (p *Program) Eval(e *state.Event) bool { return p.root.eval(p.c, e) }

// Match is Begin and Eval.
func (p *Program) Match(e *state.Event) bool {
	p.c.Begin()
	return p.root.eval(p.c, e)
}

// Never tells whether the event type alone rules the condition out.
func (p *Program) Never() bool { return p.root.isConst(false) }

// seal makes what depends on all conditions together: the indexes, and the
// places of what is kept with threads.
func (c *Compiler) seal() {
	if c.sealed {
		return
	}
	c.sealed = true
	c.version++
	c.buildIndexes()
	c.memo.build(c)
}

// Compile specialises a condition for one event type.
func (c *Compiler) Compile(ck *Checked, t schema.EventType) *Program {
	p := &Program{c: c, root: c.node(ck.root, t)}
	p.root.wanted = true
	return p
}

// intern returns the node of that key, made by build when it is new.
func (c *Compiler) intern(key string, build func() *node) *node {
	n := c.nodes[key]
	if n == nil {
		n = build()
		n.id = len(c.list)
		c.nodes[key] = n
		c.list = append(c.list, n)
		c.sealed = false
	}
	return n
}

func (c *Compiler) constant(v bool) *node {
	return c.intern(strconv.FormatBool(v), func() *node { return &node{value: v} })
}

func (c *Compiler) node(n *checkedNode, t schema.EventType) *node {
	if n.varies {
		return c.specialise(n, t)
	}
	made := c.settled[n]
	if made == nil {
		made = c.specialise(n, t)
		c.settled[n] = made
	}
	return made
}

func (c *Compiler) specialise(n *checkedNode, t schema.EventType) *node {
	switch n.kind {
	case nodeNot:
		return c.not(c.node(n.kids[0], t))
	case nodeTest:
		c.stats.Tests++
		return c.test(n.test, t)
	}
	return c.chain(n, t)
}

func (c *Compiler) not(kid *node) *node {
	if kid.run == nil {
		return c.constant(!kid.value)
	}
	return c.intern("!"+strconv.Itoa(kid.id), func() *node {
		n := newNode(nodeNot, []*node{kid})
		n.run = func(e *state.Event) bool { return !kid.eval(c, e) }
		return n
	})
}

// chain compiles and/or. Constant kids go, or decide; the rest stands in order
// of its cost.
func (c *Compiler) chain(n *checkedNode, t schema.EventType) *node {
	isOr := n.kind == nodeOr
	var kids []*node
	for _, k := range c.flatten(nil, n) {
		kid := c.node(k, t)
		if kid.isConst(isOr) {
			return kid
		}
		if kid.run != nil && !slices.Contains(kids, kid) {
			kids = append(kids, kid)
		}
	}
	switch len(kids) {
	case 0:
		return c.constant(!isOr)
	case 1:
		return kids[0]
	}
	slices.SortStableFunc(kids, func(a, b *node) int { return cmp.Compare(a.cost, b.cost) })
	return c.intern(chainKey(isOr, kids), func() *node { return c.newChain(isOr, kids) })
}

// flatten opens chains of the same kind.
func (c *Compiler) flatten(dst []*checkedNode, n *checkedNode) []*checkedNode {
	for _, k := range n.kids {
		if k.kind == n.kind {
			dst = c.flatten(dst, k)
		} else {
			dst = append(dst, k)
		}
	}
	return dst
}

// chainKey is the same for the same kids in any order.
func chainKey(isOr bool, kids []*node) string {
	ids := make([]int, len(kids))
	for i, k := range kids {
		ids[i] = k.id
	}
	slices.Sort(ids)
	var b strings.Builder
	b.WriteString(map[bool]string{false: "&", true: "|"}[isOr])
	for _, id := range ids {
		b.WriteString(strconv.Itoa(id))
		b.WriteByte(',')
	}
	return b.String()
}

func (c *Compiler) newChain(isOr bool, kids []*node) *node {
	kind := nodeAnd
	if isOr {
		kind = nodeOr
	}
	n := newNode(kind, kids)
	n.run = func(e *state.Event) bool {
		for _, k := range kids {
			if k.eval(c, e) == isOr {
				return isOr
			}
		}
		return !isOr
	}
	return n
}

// test compiles a comparison. An operand that the event type decides makes it a
// constant.
func (c *Compiler) test(t *checkedTest, et schema.EventType) *node {
	left := c.source(t.left, et)
	if t.right != nil {
		return c.pair(t, left, c.source(t.right, et), et)
	}
	match := field.MatchOne
	if t.left.kind == exprField {
		match = t.left.ref.Match
	}
	if left.fixed {
		return c.constant(left.ok && newTest(t, left.typ, match)(&left.v))
	}
	return c.intern("t"+left.key+" "+t.key, func() *node {
		holds := newTest(t, left.typ, match)
		n := &node{kind: nodeTest, deps: left.deps, cost: left.cost + opCost[t.op]}
		n.run = func(e *state.Event) bool {
			v := left.value(c, e)
			return v != nil && holds(v)
		}
		n.cheapWhenKept()
		if l, ok := lookupOf(t, left.typ); ok {
			n.lookup, n.src, n.elements = l, left, t.left.list || match != field.MatchOne
		}
		return n
	})
}

func (c *Compiler) pair(t *checkedTest, left, right *source, et schema.EventType) *node {
	if left.fixed && !left.ok || right.fixed && !right.ok || !sameKind(left.typ, right.typ) {
		return c.constant(false)
	}
	key := "p" + left.key + " " + t.op.String() + " " + right.key
	return c.intern(key, func() *node {
		holds := newPair(t.op, t.left.typ, t.left.list)
		n := &node{kind: nodeTest, deps: left.deps | right.deps, cost: left.cost + right.cost + opCost[t.op]}
		n.run = func(e *state.Event) bool {
			l := left.value(c, e)
			if l == nil {
				return false
			}
			r := right.value(c, e)
			return r != nil && holds(l, r)
		}
		n.cheapWhenKept()
		return n
	})
}

// opCost orders tests by what they cost, roughly.
var opCost = [numOps]int{
	OpExists: 0, OpEq: 1, OpNe: 1, OpLt: 1, OpLe: 1, OpGt: 1, OpGe: 1, OpIn: 2, OpIntersects: 2,
	OpStartsWith: 1, OpBStartsWith: 1, OpEndsWith: 1, OpContains: 4, OpBContains: 4, OpIContains: 8,
	OpPMatch: 4, OpGlob: 6, OpIGlob: 8, OpRegex: 30,
}
