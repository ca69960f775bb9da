// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
)

// lookup says how an index finds a test: the test can only hold for values that
// equal, begin with, end with or contain one of its patterns.
type lookup struct {
	kind   lookupKind
	texts  []string   // the patterns
	equals []constant // those of lookEqual
	verify test       // tells whether the test holds; nil when to be found is enough
}

type lookupKind uint8

const (
	lookNone lookupKind = iota
	lookEqual
	lookPrefix
	lookSuffix
	lookSubstring
	lookFolded // a substring in any case; the patterns are in lower case
	lookPath
	numLookups
)

var lookupOfOp = [numOps]lookupKind{
	OpEq: lookEqual, OpIn: lookEqual, OpIntersects: lookEqual, OpPMatch: lookPath,
	OpStartsWith: lookPrefix, OpBStartsWith: lookPrefix, OpEndsWith: lookSuffix,
	OpContains: lookSubstring, OpBContains: lookSubstring, OpIContains: lookFolded,
}

// lookupOf tells how an index finds a test on values of type typ. Each pattern
// must be enough for the test to hold, so not every modifier will do.
func lookupOf(t *checkedTest, typ schema.ParamType) (lookup, bool) {
	if t.mod == ModOneOf || t.mod == ModAllOf && len(t.texts) != 1 || t.left.list && t.op != OpIntersects || !indexable(typ) {
		return lookup{}, false
	}
	if t.op == OpGlob {
		return globLookup(t, typ)
	}
	l := lookup{kind: lookupOfOp[t.op]}
	switch l.kind {
	case lookNone:
		return lookup{}, false
	case lookEqual:
		l.equals = t.consts
	case lookPath:
		l.texts = t.texts
	case lookFolded:
		for _, c := range t.consts {
			l.texts = append(l.texts, lowerText(c.s))
		}
	default:
		for _, c := range t.consts {
			l.texts = append(l.texts, c.s)
		}
	}
	return l, sameKind(t.left.typ, typ)
}

func indexable(typ schema.ParamType) bool {
	switch field.KindOf(typ) {
	case field.KindText, field.KindBytes, field.KindInt, field.KindUint, field.KindIP:
		return true
	}
	return false
}

// globLookup finds a pattern by the text at its start.
func globLookup(t *checkedTest, typ schema.ParamType) (lookup, bool) {
	l := lookup{kind: lookPrefix, verify: singleTest(t, typ)}
	for _, text := range t.texts {
		head := text
		if i := strings.IndexAny(text, `?*[\`); i >= 0 {
			head = text[:i]
		}
		if head == "" {
			return lookup{}, false
		}
		l.texts = append(l.texts, head)
	}
	return l, sameKind(t.left.typ, typ)
}

// equalFinder looks a value up among all constants.
func (x *index) equalFinder() func(*field.Value) {
	switch field.KindOf(x.src.typ) {
	case field.KindText, field.KindBytes:
		return finder(x, func(c constant) string { return c.s }, func(v *field.Value) string { return v.S })
	case field.KindIP:
		return finder(x, func(c constant) netip.Addr { return c.ip }, func(v *field.Value) netip.Addr { return v.Addr })
	}
	typ := x.src.typ
	return finder(x, func(c constant) uint64 { return fit(typ, c.u) }, func(v *field.Value) uint64 { return v.U })
}

func finder[K comparable](x *index, keyOf func(constant) K, valueOf func(*field.Value) K) func(*field.Value) {
	tests := map[K][]int32{}
	for i, n := range x.tests {
		for _, c := range n.lookup.equals {
			tests[keyOf(c)] = append(tests[keyOf(c)], int32(i))
		}
	}
	return func(v *field.Value) {
		x.hitTests(tests[valueOf(v)], v)
	}
}

func (x *index) pathFinder() func(*field.Value) {
	paths := &pathSet{}
	for i, n := range x.tests {
		for _, p := range n.lookup.texts {
			paths.add(p, int32(i))
		}
	}
	found := func(tests []int32) bool {
		x.hitTests(tests, nil)
		return false
	}
	return func(v *field.Value) { paths.walk(v.S, found) }
}

// patterns returns all patterns of an index, each with its tests.
func (x *index) patterns() map[string][]int32 {
	out := map[string][]int32{}
	for i, n := range x.tests {
		for _, p := range n.lookup.texts {
			out[p] = append(out[p], int32(i))
		}
	}
	return out
}

// affixFinder finds the prefixes of a value, or its suffixes.
func (x *index) affixFinder(suffixes bool) func(*field.Value) {
	a := newAffixes(x.patterns(), suffixes)
	return func(v *field.Value) {
		for i := a.longest(v.S); i >= 0; i = a.next[i] {
			x.hitTests(a.tests[i], v)
		}
	}
}

// minAutomaton is from how many substrings on one pass over all bytes beats one
// search for each.
const minAutomaton = 5

func (x *index) substringFinder() func(*field.Value) {
	patterns := x.patterns()
	if len(patterns) < minAutomaton {
		return x.searchEach(patterns)
	}
	a := newAutomaton(patterns)
	if x.kind == lookFolded {
		return func(v *field.Value) { x.scanFolded(a, v) }
	}
	return func(v *field.Value) { x.scan(a, v) }
}

// scan takes all bytes of a value through an automaton.
func (x *index) scan(a *automaton, v *field.Value) {
	at := int32(0)
	x.hitAll(a, at, v)
	for i := range len(v.S) {
		at = a.step(at, v.S[i])
		x.hitAll(a, at, v)
	}
}

// scanFolded is scan without regard to the case of ASCII letters.
func (x *index) scanFolded(a *automaton, v *field.Value) {
	at := int32(0)
	x.hitAll(a, at, v)
	for i := range len(v.S) {
		at = a.step(at, lower(v.S[i]))
		x.hitAll(a, at, v)
	}
}

func (x *index) searchEach(patterns map[string][]int32) func(*field.Value) {
	texts, contains := slices.Sorted(maps.Keys(patterns)), strings.Contains
	if x.kind == lookFolded {
		contains = containsFold
	}
	return func(v *field.Value) {
		for _, text := range texts {
			if contains(v.S, text) {
				x.hitTests(patterns[text], v)
			}
		}
	}
}

func (x *index) hitTests(tests []int32, v *field.Value) {
	for _, i := range tests {
		x.hit(i, v)
	}
}

// hitAll notes the substrings that end where an automaton is.
func (x *index) hitAll(a *automaton, at int32, v *field.Value) {
	for s := a.found[at]; s >= 0; s = a.found[a.fail[s]] {
		x.hitTests(a.tests[s], v)
		if s == 0 {
			return
		}
	}
}
