// SPDX-License-Identifier: Apache-2.0

package field

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/eyas-security/eyas/pkg/internal/nearest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// evt.args and evt.arg: the parameters of an event as texts, and evt.rawarg as
// values of their own types.

// paramIndex says where every event type has a parameter, -1 where it does not.
type paramIndex [schema.NumEvents]int8

func indexByName(name string) (*paramIndex, *schema.Param) {
	var first *schema.Param
	idx := &paramIndex{}
	for t := range schema.Events {
		i := schema.Events[t].ParamIndex(name)
		idx[t] = int8(i)
		if i >= 0 && first == nil {
			first = &schema.Events[t].Params[i]
		}
	}
	return idx, first
}

func indexByNumber(n int) *paramIndex {
	idx := &paramIndex{}
	for t := range schema.Events {
		idx[t] = -1
		if n >= 0 && n < len(schema.Events[t].Params) {
			idx[t] = int8(n)
		}
	}
	return idx
}

// decide tells the types apart that have no such parameter.
func (idx *paramIndex) decide(info *schema.Event) Decision {
	return Decision{Known: idx[info.Type] < 0}
}

func bindArg(r *Ref, arg string) error {
	var idx *paramIndex
	if r.HasArg {
		n, err := strconv.Atoi(arg)
		if err != nil {
			return fmt.Errorf("field %s: %q is no number", r.Name, arg)
		}
		idx = indexByNumber(n)
	} else {
		var first *schema.Param
		if idx, first = indexByName(arg); first == nil {
			return unknownParam(r, arg)
		}
	}
	r.byType = idx.decide
	r.Extract = func(e *state.Event, v *Value) bool {
		i := int(idx[e.Type])
		if i < 0 || i >= e.NumParams() {
			return false
		}
		v.setScratch(appendParamText(v.scratch(), e, i))
		return true
	}
	return nil
}

func bindRawArg(r *Ref, arg string) error {
	idx, first := indexByName(arg)
	if first == nil {
		return unknownParam(r, arg)
	}
	r.Type, r.Format = first.Type, first.Format
	extract := func(e *state.Event, v *Value) bool {
		i := int(idx[e.Type])
		return i >= 0 && extractParam(e, i, v)
	}
	r.Extract = extract
	r.Print = func(e *state.Event, v *Value) bool {
		i := int(idx[e.Type])
		if i < 0 || i >= e.NumParams() {
			return false
		}
		if !extract(e, v) {
			*v = Value{buf: v.buf} // an empty number prints as 0
		}
		return true
	}
	r.typeAt = func(e *state.Event) Type {
		if i := idx[e.Type]; i >= 0 {
			p := &e.Info().Params[i]
			return Type{Type: p.Type, Format: p.Format}
		}
		return Type{Type: first.Type, Format: first.Format}
	}
	r.byType = func(info *schema.Event) Decision {
		if i := idx[info.Type]; i >= 0 {
			return Decision{Extract: extract, Type: info.Params[i].Type}
		}
		return Decision{Known: true}
	}
	return nil
}

func unknownParam(r *Ref, arg string) error {
	return &UnknownError{Name: r.Text, Reason: "no event has a parameter " + arg, Suggestion: suggestParam(r.Name, arg)}
}

// extractParam takes parameter i as a value of its own type. An empty number
// has no value, an empty text has the text <NA>.
func extractParam(e *state.Event, i int, v *Value) bool {
	b, ok := e.Param(i)
	if !ok {
		return false
	}
	p := &e.Info().Params[i]
	switch KindOf(p.Type) {
	case KindInt, KindUint, KindBool, KindFloat:
		n, ok := e.Int(i)
		v.setInt(n)
		return ok
	case KindText:
		if len(b) == 0 {
			v.S = noText
			return true
		}
		s, _ := e.Str(i)
		v.setView(s)
	case KindIP:
		return v.setAddr(b)
	default:
		v.setView(b)
	}
	return true
}

// appendArgs writes all parameters as name=raw(resolved).
func appendArgs(dst []byte, e *state.Event) []byte {
	info := e.Info()
	if info.IsGeneric() {
		return dst
	}
	for i := range e.NumParams() {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, info.Params[i].Name...)
		dst = append(dst, '=')
		dst = appendRaw(dst, e, i)
		open := len(dst)
		dst = append(dst, '(')
		resolved, ok := appendResolved(dst, e, i)
		if ok {
			dst = append(resolved, ')')
		} else {
			dst = dst[:open]
		}
	}
	return dst
}

// appendParamText writes parameter i resolved, or raw where there is nothing to
// resolve.
func appendParamText(dst []byte, e *state.Event, i int) []byte {
	if out, ok := appendResolved(dst, e, i); ok {
		return out
	}
	return appendRaw(dst, e, i)
}

// suggestParam returns field.name for the parameter name closest to arg.
func suggestParam(field, arg string) string {
	seen := map[string]bool{}
	for t := range schema.Events {
		for i := range schema.Events[t].Params {
			seen[schema.Events[t].Params[i].Name] = true
		}
	}
	if s := nearest.To(arg, slices.Sorted(maps.Keys(seen))); s != "" {
		return field + "." + s
	}
	return ""
}
