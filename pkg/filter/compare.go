// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
)

// test is a comparison with the constants built in. A value that is absent
// never gets here.
type test func(v *field.Value) bool

func alwaysTrue(*field.Value) bool  { return true }
func alwaysFalse(*field.Value) bool { return false }

// newTest builds the comparison of t for a left side of type typ, which for
// evt.rawarg is that of the event's own parameter.
func newTest(t *checkedTest, typ schema.ParamType, match field.Match) test {
	if t.op == OpExists {
		return alwaysTrue
	}
	if !sameKind(t.left.typ, typ) {
		return alwaysFalse
	}
	if t.left.list {
		return listTest(t, typ)
	}
	one := singleTest(t, typ)
	switch {
	case match == field.MatchOne, match == field.MatchWithin:
		return one
	case match == field.MatchEnd && t.op == OpNe:
		return everyElement(one)
	}
	return someElement(one)
}

// sameKind tells whether constants read as one type compare with another.
func sameKind(read, typ schema.ParamType) bool {
	a, b := field.KindOf(read), field.KindOf(typ)
	number := func(k field.Kind) bool { return k == field.KindInt || k == field.KindUint }
	text := func(k field.Kind) bool { return k == field.KindText || k == field.KindBytes }
	return a == b || number(a) && number(b) || text(a) && text(b)
}

func someElement(one test) test {
	return func(v *field.Value) bool {
		for i := range v.List {
			if one(&v.List[i]) {
				return true
			}
		}
		return false
	}
}

func everyElement(one test) test {
	return func(v *field.Value) bool {
		for i := range v.List {
			if !one(&v.List[i]) {
				return false
			}
		}
		return true
	}
}

// listTest compares all elements with the constants: in wants every one to be
// among them, intersects some.
func listTest(t *checkedTest, typ schema.ParamType) test {
	member := setTest(t.consts, typ)
	if t.op == OpIn {
		return everyElement(member)
	}
	return someElement(member)
}

// singleTest counts for how many constants the operator holds.
func singleTest(t *checkedTest, typ schema.ParamType) test {
	switch {
	case t.op == OpIn || t.op == OpIntersects:
		return setTest(t.consts, typ)
	case t.op == OpPMatch:
		paths := &pathSet{}
		for _, p := range t.texts {
			paths.add(p, 0)
		}
		return func(v *field.Value) bool { return paths.match(v.S) }
	case t.mod == ModNone:
		return opTest(t, 0, typ)
	case len(t.consts) == 0:
		return alwaysFalse
	case t.mod == ModAnyOf && t.op == OpEq:
		return setTest(t.consts, typ)
	case t.mod == ModAllOf && t.op == OpNe:
		return not(setTest(t.consts, typ))
	}
	tests := make([]test, len(t.consts))
	for i := range t.consts {
		tests[i] = opTest(t, i, typ)
	}
	return countTest(t.mod, tests)
}

func not(t test) test { return func(v *field.Value) bool { return !t(v) } }

func countTest(mod Modifier, tests []test) test {
	return func(v *field.Value) bool {
		n := 0
		for _, t := range tests {
			if t(v) {
				n++
				if mod == ModAnyOf {
					return true
				}
			} else if mod == ModAllOf {
				return false
			}
			if n > 1 && mod == ModOneOf {
				return false
			}
		}
		return n == 1 || mod == ModAllOf
	}
}

// opTest is the operator of t with its i-th constant.
func opTest(t *checkedTest, i int, typ schema.ParamType) test {
	c := t.consts[i]
	switch field.KindOf(typ) {
	case field.KindInt:
		want := int64(fit(typ, c.u))
		return orderTest(t.op, func(v *field.Value) int { return cmp.Compare(v.Int(), want) })
	case field.KindUint, field.KindBool:
		return uintTest(t.op, fit(typ, c.u))
	case field.KindFloat:
		want := (&field.Value{U: c.u}).Float()
		return orderTest(t.op, func(v *field.Value) int { return cmp.Compare(v.Float(), want) })
	case field.KindIP:
		return equalTest(t.op, func(v *field.Value) bool { return v.Addr == c.ip })
	case field.KindNet:
		return equalTest(t.op, func(v *field.Value) bool { return c.net.Contains(v.Addr) })
	}
	if t.op == OpRegex {
		re := t.regex[i]
		return func(v *field.Value) bool { return re.MatchString(v.S) }
	}
	return textTest(t.op, c.s)
}

func equalTest(op Op, equal test) test {
	if op == OpNe {
		return not(equal)
	}
	return equal
}

func uintTest(op Op, want uint64) test {
	switch op {
	case OpEq:
		return func(v *field.Value) bool { return v.U == want }
	case OpNe:
		return func(v *field.Value) bool { return v.U != want }
	}
	return orderTest(op, func(v *field.Value) int { return cmp.Compare(v.U, want) })
}

func orderTest(op Op, compare func(*field.Value) int) test {
	switch op {
	case OpEq:
		return func(v *field.Value) bool { return compare(v) == 0 }
	case OpNe:
		return func(v *field.Value) bool { return compare(v) != 0 }
	case OpLt:
		return func(v *field.Value) bool { return compare(v) < 0 }
	case OpLe:
		return func(v *field.Value) bool { return compare(v) <= 0 }
	case OpGt:
		return func(v *field.Value) bool { return compare(v) > 0 }
	}
	return func(v *field.Value) bool { return compare(v) >= 0 }
}

func textTest(op Op, s string) test {
	switch op {
	case OpEq:
		return func(v *field.Value) bool { return v.S == s }
	case OpNe:
		return func(v *field.Value) bool { return v.S != s }
	case OpLt, OpLe, OpGt, OpGe:
		return orderTest(op, func(v *field.Value) int { return strings.Compare(v.S, s) })
	}
	match := textMatch(op)
	return func(v *field.Value) bool { return match(v.S, s) }
}

// textMatch is a text operator that takes its right side at run time too.
func textMatch(op Op) func(s, arg string) bool {
	switch op {
	case OpContains, OpBContains:
		return strings.Contains
	case OpIContains:
		return containsFold
	case OpStartsWith, OpBStartsWith:
		return strings.HasPrefix
	case OpEndsWith:
		return strings.HasSuffix
	case OpGlob:
		return func(s, arg string) bool { return globMatch(arg, s, false) }
	}
	return func(s, arg string) bool { return globMatch(arg, s, true) }
}

// containsFold is strings.Contains without regard to the case of ASCII letters.
func containsFold(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		if hasPrefixFold(s[i:], sub) {
			return true
		}
	}
	return false
}

func hasPrefixFold(s, prefix string) bool {
	for i := range len(prefix) {
		if lower(s[i]) != lower(prefix[i]) {
			return false
		}
	}
	return true
}

// numLinear is up to how many numbers a set is searched one by one.
const numLinear = 8

// setTest tells whether a value equals one of the constants.
func setTest(consts []constant, typ schema.ParamType) test {
	switch field.KindOf(typ) {
	case field.KindText, field.KindBytes:
		return textSet(consts)
	case field.KindIP:
		set := map[netip.Addr]struct{}{}
		for _, c := range consts {
			set[c.ip] = struct{}{}
		}
		return func(v *field.Value) bool { _, ok := set[v.Addr]; return ok }
	case field.KindNet:
		return func(v *field.Value) bool {
			for i := range consts {
				if consts[i].net.Contains(v.Addr) {
					return true
				}
			}
			return false
		}
	}
	return numberSet(consts, typ)
}

func textSet(consts []constant) test {
	if len(consts) == 1 {
		return textTest(OpEq, consts[0].s)
	}
	set := map[string]struct{}{}
	for _, c := range consts {
		set[c.s] = struct{}{}
	}
	return func(v *field.Value) bool { _, ok := set[v.S]; return ok }
}

func numberSet(consts []constant, typ schema.ParamType) test {
	nums := make([]uint64, len(consts))
	for i, c := range consts {
		nums[i] = fit(typ, c.u)
	}
	if len(nums) <= numLinear {
		return func(v *field.Value) bool { return slices.Contains(nums, v.U) }
	}
	set := map[uint64]struct{}{}
	for _, n := range nums {
		set[n] = struct{}{}
	}
	return func(v *field.Value) bool { _, ok := set[v.U]; return ok }
}

// pair is a comparison of two values that both exist.
type pair func(l, r *field.Value) bool

// newPair builds the comparison of two operands of one type.
func newPair(op Op, typ schema.ParamType, list bool) pair {
	switch {
	case op == OpIn && list:
		return func(l, r *field.Value) bool { return allMembers(l, r, typ) }
	case op == OpIntersects && list:
		return func(l, r *field.Value) bool { return someMember(l, r, typ) }
	case op == OpIn, op == OpIntersects:
		op = OpEq
	}
	kind := field.KindOf(typ)
	if kind == field.KindText || kind == field.KindBytes {
		switch op {
		case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
		default:
			match := textMatch(op)
			return func(l, r *field.Value) bool { return match(l.S, r.S) }
		}
	}
	return func(l, r *field.Value) bool { return orderHolds(op, compareValues(l, r, kind)) }
}

func orderHolds(op Op, c int) bool {
	switch op {
	case OpEq:
		return c == 0
	case OpNe:
		return c != 0
	case OpLt:
		return c < 0
	case OpLe:
		return c <= 0
	case OpGt:
		return c > 0
	}
	return c >= 0
}

func compareValues(l, r *field.Value, kind field.Kind) int {
	switch kind {
	case field.KindInt:
		return cmp.Compare(l.Int(), r.Int())
	case field.KindFloat:
		return cmp.Compare(l.Float(), r.Float())
	case field.KindText, field.KindBytes:
		return strings.Compare(l.S, r.S)
	case field.KindIP, field.KindNet:
		return l.Addr.Compare(r.Addr)
	}
	return cmp.Compare(l.U, r.U)
}

func isMember(v, list *field.Value, kind field.Kind) bool {
	for i := range list.List {
		if compareValues(v, &list.List[i], kind) == 0 {
			return true
		}
	}
	return false
}

func allMembers(l, r *field.Value, typ schema.ParamType) bool {
	for i := range l.List {
		if !isMember(&l.List[i], r, field.KindOf(typ)) {
			return false
		}
	}
	return true
}

func someMember(l, r *field.Value, typ schema.ParamType) bool {
	for i := range l.List {
		if isMember(&l.List[i], r, field.KindOf(typ)) {
			return true
		}
	}
	return false
}
