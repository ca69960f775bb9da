// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// The reference evaluator: it walks the tree as it was parsed, looks everything
// up by name, compares texts, and keeps nothing. Slow, and simple enough to be
// believed.

func refEval(n Node, e *state.Event) bool {
	switch n := n.(type) {
	case *And:
		for _, k := range n.Kids {
			if !refEval(k, e) {
				return false
			}
		}
		return true
	case *Or:
		for _, k := range n.Kids {
			if refEval(k, e) {
				return true
			}
		}
		return false
	case *Not:
		return !refEval(n.Kid, e)
	case *Test:
		return refTest(n, e)
	}
	panic("unexpanded macro")
}

// refValue is a value as the evaluator likes it: texts, with the type beside.
type refValue struct {
	typ   field.Type
	match field.Match
	vals  []field.Value
}

func refTest(t *Test, e *state.Event) bool {
	l, ok := refOperand(t.Left, e)
	if !ok {
		return false
	}
	if t.Op == OpExists {
		return true
	}
	if isTransform(t.Right) {
		r, ok := refOperand(t.Right, e)
		return ok && refPair(t.Op, l, r)
	}
	texts := constants(t.Right)
	if l.typ.List {
		found := 0
		for _, v := range l.vals {
			if refAny(texts, func(s string) bool { return refOne(OpEq, l.typ.Type, v, s) }) {
				found++
			}
		}
		return t.Op == OpIntersects && found > 0 || t.Op == OpIn && found == len(l.vals)
	}
	held := 0
	for _, v := range l.vals {
		if refCount(t, l.typ.Type, v, texts) {
			held++
		}
	}
	if l.match == field.MatchEnd && t.Op == OpNe {
		return held == len(l.vals)
	}
	return held > 0
}

func refCount(t *Test, typ schema.ParamType, v field.Value, texts []string) bool {
	op := t.Op
	if op == OpIn || op == OpIntersects {
		return refAny(texts, func(s string) bool { return refOne(OpEq, typ, v, s) })
	}
	n := 0
	for _, s := range texts {
		if refOne(op, typ, v, s) {
			n++
		}
	}
	switch t.Mod {
	case ModOneOf:
		return n == 1
	case ModAllOf:
		return n == len(texts) && n > 0
	}
	return n > 0
}

func refAny(texts []string, f func(string) bool) bool { return slices.ContainsFunc(texts, f) }

func refOne(op Op, typ schema.ParamType, v field.Value, s string) bool {
	switch field.KindOf(typ) {
	case field.KindText, field.KindBytes:
		return refText(op, v.S, s)
	case field.KindBool:
		return refOrder(op, strings.Compare(strconv.FormatBool(v.U != 0), s))
	case field.KindIP:
		return (op == OpEq) == (v.Addr == netip.MustParseAddr(s))
	case field.KindNet:
		return (op == OpEq) == netip.MustParsePrefix(s).Contains(v.Addr)
	case field.KindInt:
		n, _ := strconv.ParseInt(s, 10, 64)
		switch typ.Info().Size {
		case 2:
			n = int64(int16(n))
		case 4:
			n = int64(int32(n))
		}
		return refOrder(op, cmpInt(v.Int(), n))
	case field.KindUint:
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			m, _ := strconv.ParseInt(s, 10, 64)
			n = uint64(m)
		}
		if size := typ.Info().Size; size < 8 {
			n &= 1<<(8*size) - 1
		}
		switch {
		case v.U < n:
			return refOrder(op, -1)
		case v.U > n:
			return refOrder(op, 1)
		}
		return refOrder(op, 0)
	case field.KindFloat:
		n, _ := strconv.ParseFloat(s, 64)
		return refOrder(op, cmpInt(int64(v.Float()*1e6), int64(n*1e6)))
	}
	return false
}

func cmpInt(a, b int64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func refOrder(op Op, c int) bool {
	return op == OpEq && c == 0 || op == OpNe && c != 0 || op == OpLt && c < 0 || op == OpLe && c <= 0 || op == OpGt && c > 0 || op == OpGe && c >= 0
}

func refText(op Op, s, arg string) bool {
	switch op {
	case OpContains:
		return strings.Contains(s, arg)
	case OpIContains:
		return bytes.Contains(refLower(s), refLower(arg))
	case OpBContains:
		b, _ := hex.DecodeString(arg)
		return strings.Contains(s, string(b))
	case OpStartsWith:
		return strings.HasPrefix(s, arg)
	case OpBStartsWith:
		b, _ := hex.DecodeString(arg)
		return strings.HasPrefix(s, string(b))
	case OpEndsWith:
		return strings.HasSuffix(s, arg)
	case OpGlob:
		return refGlob(s, arg)
	case OpIGlob:
		return refGlob(string(refLower(s)), string(refLower(arg)))
	case OpRegex:
		loc := regexp.MustCompilePOSIX(arg).FindStringIndex(s)
		return loc != nil && loc[0] == 0 && loc[1] == len(s)
	case OpPMatch:
		return refPath(s, arg)
	}
	return refOrder(op, strings.Compare(s, arg))
}

func refLower(s string) []byte {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return b
}

// refGlob keeps, for each length of the text, whether the pattern so far matches
// so much of it. It knows no bracket expressions: the generator writes none.
func refGlob(s, pattern string) bool {
	at := make([]bool, len(s)+1)
	at[0] = true
	for i := 0; i < len(pattern); i++ {
		next := make([]bool, len(s)+1)
		switch c := pattern[i]; c {
		case '*':
			for n, seen := 0, false; n <= len(s); n++ {
				seen = seen || at[n]
				next[n] = seen
			}
		case '\\':
			i++
			for n := range len(s) {
				next[n+1] = at[n] && i < len(pattern) && s[n] == pattern[i]
			}
		default:
			for n := range len(s) {
				next[n+1] = at[n] && (c == '?' || c == s[n])
			}
		}
		at = next
	}
	return at[len(s)]
}

func refPath(s, path string) bool {
	split := func(p string) []string { return strings.FieldsFunc(p, func(r rune) bool { return r == '/' }) }
	have, want := split(s), split(path)
	if len(want) > len(have) {
		return false
	}
	for i, w := range want {
		if !refGlob(have[i], w) {
			return false
		}
	}
	return true
}

func refPair(op Op, l, r refValue) bool {
	one := func(a, b field.Value, op Op) bool {
		switch field.KindOf(l.typ.Type) {
		case field.KindText, field.KindBytes:
			if op == OpBContains {
				return strings.Contains(a.S, b.S)
			}
			if op == OpBStartsWith {
				return strings.HasPrefix(a.S, b.S)
			}
			return refText(op, a.S, b.S)
		case field.KindIP:
			return refOrder(op, a.Addr.Compare(b.Addr))
		case field.KindInt:
			return refOrder(op, cmpInt(a.Int(), b.Int()))
		}
		return refOrder(op, strings.Compare(string(strconv.AppendUint(nil, a.U+1<<60, 36)), string(strconv.AppendUint(nil, b.U+1<<60, 36))))
	}
	if !l.typ.List {
		if op == OpIn || op == OpIntersects {
			op = OpEq
		}
		return one(l.vals[0], r.vals[0], op)
	}
	found := 0
	for _, a := range l.vals {
		if slices.ContainsFunc(r.vals, func(b field.Value) bool { return one(a, b, OpEq) }) {
			found++
		}
	}
	return op == OpIntersects && found > 0 || op == OpIn && found == len(l.vals)
}

func refOperand(o Operand, e *state.Event) (refValue, bool) {
	switch o := o.(type) {
	case *Field:
		ref, err := field.Lookup(o.Full())
		if err != nil {
			panic(err)
		}
		var v field.Value
		if !ref.Extract(e, &v) {
			return refValue{}, false
		}
		out := refValue{typ: ref.ValueType(), match: ref.Match, vals: []field.Value{v}}
		if ref.List || ref.Match != field.MatchOne {
			out.vals = v.List
		}
		return out, true
	case *Text:
		typ := field.Type{Type: schema.PTCharBuf}
		n, _ := strconv.ParseUint(o.Text, 10, 64)
		if o.Number {
			typ.Type = schema.PTUint64
		}
		return refValue{typ: typ, vals: []field.Value{{S: o.Text, U: n}}}, true
	case *List:
		return refArgs(o.Items, e)
	}
	return refTransform(o.(*Transform), e)
}

func refArgs(items []Operand, e *state.Event) (refValue, bool) {
	out := refValue{typ: field.Type{Type: schema.PTCharBuf, List: true}}
	for _, it := range items {
		v, ok := refOperand(it, e)
		if !ok {
			return refValue{}, false
		}
		out.typ.Type = v.typ.Type
		out.vals = append(out.vals, v.vals[0])
	}
	return out, true
}

func refTransform(t *Transform, e *state.Event) (refValue, bool) {
	args := make([]refValue, len(t.Args))
	for i, a := range t.Args {
		v, ok := refOperand(a, e)
		if !ok {
			return refValue{}, false
		}
		args[i] = v
	}
	text := func(s string) (refValue, bool) {
		return refValue{typ: field.Type{Type: schema.PTCharBuf}, vals: []field.Value{{S: s}}}, true
	}
	first := args[0]
	switch t.Kind {
	case TransVal:
		return first, true
	case TransLen:
		n := len(first.vals)
		if !first.typ.List {
			n = len(first.vals[0].S)
		}
		return refValue{typ: field.Type{Type: schema.PTUint64}, vals: []field.Value{{U: uint64(n)}}}, true
	case TransConcat:
		s := ""
		for _, a := range args {
			s += a.vals[0].S
		}
		return text(s)
	case TransJoin:
		var parts []string
		for _, v := range args[1].vals {
			parts = append(parts, v.S)
		}
		return text(strings.Join(parts, first.vals[0].S))
	}
	out := refValue{typ: first.typ}
	for _, v := range first.vals {
		switch t.Kind {
		case TransToLower:
			v.S = string(refLower(v.S))
		case TransToUpper:
			v.S = refUpper(v.S)
		case TransBasename:
			parts := strings.Split(v.S, "/")
			v.S = parts[len(parts)-1]
		case TransB64:
			b, err := base64.StdEncoding.DecodeString(v.S)
			if err != nil {
				b, err = base64.RawStdEncoding.DecodeString(v.S)
			}
			if err != nil {
				return refValue{}, false
			}
			v.S = string(b)
		}
		out.vals = append(out.vals, v)
	}
	return out, true
}

func refUpper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 32
		}
	}
	return string(b)
}
