// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"math/bits"
	"strconv"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// source is an operand, bound to an event type where that makes a difference.
// Its value is taken at most once per event.
type source struct {
	key    string
	typ    schema.ParamType
	deps   field.Deps
	cost   int
	fixed  bool // the event type decides: ok and v never change
	ok     bool
	serial uint64
	get    field.Extract
	v      field.Value
}

// value returns the operand's value, nil when it has none.
func (s *source) value(c *Compiler, e *state.Event) *field.Value {
	if s.serial != c.serial && !s.fixed {
		s.ok = s.get(e, &s.v)
		s.serial = c.serial
	}
	if !s.ok {
		return nil
	}
	return &s.v
}

// source returns the operand for one event type.
func (c *Compiler) source(x *expr, t schema.EventType) *source {
	switch x.kind {
	case exprField:
		return c.fieldSource(x, t)
	case exprConst:
		return c.internSource(x.key, func() *source { return constSource(x) })
	}
	args := make([]*source, len(x.args))
	key := x.key
	cost, deps := 2, field.Deps(0)
	for i, a := range x.args {
		args[i] = c.source(a, t)
		key += "\x00" + args[i].key // an argument may be bound to the type
		cost += args[i].cost
		deps |= args[i].deps
		if args[i].fixed && !args[i].ok {
			return c.internSource("-", func() *source { return &source{fixed: true, typ: x.typ} })
		}
	}
	return c.internSource(key, func() *source {
		return &source{typ: x.typ, deps: deps, cost: cost, get: c.transform(x, args)}
	})
}

func (c *Compiler) internSource(key string, build func() *source) *source {
	s := c.sources[key]
	if s == nil {
		s = build()
		s.key = key
		c.sources[key] = s
	}
	return s
}

func (c *Compiler) fieldSource(x *expr, t schema.EventType) *source {
	d := x.ref.At(t)
	key := x.key + "@" + strconv.Itoa(int(t))
	switch {
	case d.Known:
		return &source{key: key, fixed: true, ok: d.Present, typ: d.Type, v: d.Value}
	case d.Own:
		return c.internSource(key, func() *source {
			s := newFieldSource(x, d)
			s.deps |= field.DepEvent
			return s
		})
	}
	return c.internSource(x.key, func() *source { return newFieldSource(x, d) })
}

func newFieldSource(x *expr, d field.Decision) *source {
	return &source{typ: d.Type, deps: x.ref.Deps, cost: fieldCost(x.ref), get: d.Extract}
}

// fieldCost is a rough figure: what is further away costs more.
func fieldCost(r *field.Ref) int {
	switch r.Name {
	case "evt.arg", "evt.args", "evt.info":
		return 8
	}
	cost := 1 + bits.OnesCount8(uint8(r.Deps))
	if r.Deps&field.DepAncestry != 0 {
		cost += 4
	}
	if r.Deps&field.DepGroup != 0 {
		cost += 2
	}
	return cost
}

func constSource(x *expr) *source {
	s := &source{fixed: true, ok: true, typ: x.typ}
	s.v.S = x.text
	if x.typ == schema.PTUint64 {
		s.v.U, _ = scanDecimal(x.text)
	}
	return s
}
