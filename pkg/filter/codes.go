// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"
	"strconv"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Names of the fields that decide which events a condition can hold for.
const (
	fieldEvtType     = "evt.type"
	fieldSyscallType = "syscall.type"
	fieldEvtNum      = "evt.num"
)

// Codes returns the event types and the system call codes for which n can
// hold. Both start from everything; a test of evt.type or syscall.type narrows
// them, any other test does not. Macro references that are still there do not
// narrow either.
func Codes(n Node) (schema.EventSet, schema.SCSet, error) {
	if errs := codeErrors(n); len(errs) > 0 {
		return schema.EventSet{}, schema.SCSet{}, errs
	}
	byName := func(names []string) schema.EventSet { return schema.EventsByNames(names) }
	events := codes(n, false, schema.AllEvents(), byName)
	scs := codes(n, false, schema.AllSCs(), schema.EventNamesToSCs)
	return events, scs, nil
}

// codes is the algebra of sets. Negation is pushed down to the tests: inside
// it, and unites while or intersects.
func codes[T ~uint16](n Node, negated bool, all schema.Bits[T], byName func([]string) schema.Bits[T]) schema.Bits[T] {
	var kids []Node
	unite := negated
	switch n := n.(type) {
	case *Not:
		return codes(n.Kid, !negated, all, byName)
	case *Test:
		return testCodes(n, negated, all, byName)
	case *And:
		kids = n.Kids
	case *Or:
		kids, unite = n.Kids, !negated
	default:
		return all
	}
	var set schema.Bits[T]
	if !unite {
		set = all
	}
	for _, k := range kids {
		sub := codes(k, negated, all, byName)
		if unite {
			set = set.Union(sub)
		} else {
			set = set.Intersect(sub)
		}
	}
	return set
}

// testCodes returns everything for a test that says nothing about codes, in a
// negation too.
func testCodes[T ~uint16](t *Test, negated bool, all schema.Bits[T], byName func([]string) schema.Bits[T]) schema.Bits[T] {
	var set schema.Bits[T]
	switch decideCodes(t) {
	case codesUndecided:
		return all
	case codesAlways:
		set = all
	case codesNamed:
		set = byName(constants(t.Right))
		if t.Op == OpNe {
			negated = !negated
		}
	}
	if negated {
		return set.Complement(all)
	}
	return set
}

func constants(o Operand) []string {
	var out []string
	for _, t := range Texts(o) {
		out = append(out, t.Text)
	}
	return out
}

type codesVerdict uint8

const (
	codesUndecided codesVerdict = iota // the test says nothing about codes
	codesAlways                        // it holds for every event
	codesNever                         // it holds for none
	codesNamed                         // its constants are names, for != those that it does not hold for
)

func decideCodes(t *Test) codesVerdict {
	f, ok := t.Left.(*Field)
	if !ok || f.HasArg {
		return codesUndecided
	}
	switch {
	case f.Name == fieldEvtNum:
		return decideNum(t)
	case !isTypeField(f):
		return codesUndecided
	case t.Op == OpExists && f.Name == fieldEvtType:
		return codesAlways
	}
	return decideNames(t)
}

func isTypeField(f *Field) bool {
	return !f.HasArg && (f.Name == fieldEvtType || f.Name == fieldSyscallType)
}

// decideNames takes a modifier into account where it leaves the meaning of the
// names: = needs one of them whatever the modifier, != allof needs none.
func decideNames(t *Test) codesVerdict {
	switch {
	case t.Op == OpEq, t.Op == OpIn:
		return codesNamed
	case t.Op == OpNe && (t.Mod == ModNone || t.Mod == ModAllOf):
		return codesNamed
	}
	return codesUndecided
}

// decideNum knows that the first event has number 1.
func decideNum(t *Test) codesVerdict {
	if t.Mod != ModNone {
		return codesUndecided
	}
	texts := Texts(t.Right)
	if t.Op == OpIn {
		if _, isList := t.Right.(*List); isList && !slices.ContainsFunc(texts, notZero) {
			return codesNever
		}
		return codesUndecided
	}
	if len(texts) != 1 {
		return codesUndecided
	}
	n, ok := parseWrapped(texts[0].Text)
	if !ok {
		return codesUndecided
	}
	return decideNumOp(t.Op, n)
}

func decideNumOp(op Op, n uint64) codesVerdict {
	switch {
	case op == OpEq && n == 0, op == OpLt && n <= 1, op == OpLe && n == 0:
		return codesNever
	case op == OpNe && n == 0, op == OpGt && n == 0, op == OpGe && n <= 1:
		return codesAlways
	}
	return codesUndecided
}

func notZero(t *Text) bool {
	n, ok := parseWrapped(t.Text)
	return !ok || n != 0
}

// parseWrapped reads an unsigned number; a negative one wraps.
func parseWrapped(s string) (uint64, bool) {
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return uint64(n), err == nil
}

// codeErrors finds the uses of evt.type that hide from selection which events
// a condition needs.
func codeErrors(n Node) ErrorList {
	var errs ErrorList
	Walk(n, func(n Node) bool {
		t, ok := n.(*Test)
		if !ok {
			return true
		}
		if f := hiddenType(t.Left); f != nil && narrows(t.Op) {
			errs.add(t.Left.Range(), "%s must not stand in a transformer with %s", f.Name, t.Op)
		}
		if f, ok := t.Left.(*Field); ok && isTypeField(f) && isTransform(t.Right) {
			errs.add(t.Right.Range(), "%s wants constants on the right side", f.Name)
		}
		return true
	})
	return errs
}

func narrows(op Op) bool { return op == OpEq || op == OpNe || op == OpIn }

func isTransform(o Operand) bool {
	_, ok := o.(*Transform)
	return ok
}

// hiddenType returns the field evt.type or syscall.type when it stands inside
// of a transformer.
func hiddenType(o Operand) (found *Field) {
	if !isTransform(o) {
		return nil
	}
	operandFields(o, func(f *Field) {
		if found == nil && isTypeField(f) {
			found = f
		}
	})
	return found
}
