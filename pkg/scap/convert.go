// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

const (
	maxRounds    = 50       // conversions of one event
	maxConverted = 65536    // bytes of a converted event
	maxStored    = 64 << 20 // bytes of enter events that wait for their exit event
)

var errNoRule = errors.New("no rule of conversion")

// fate is what the flags of an event say about it.
type fate uint8

const (
	fatePass    fate = iota // it is current
	fateConvert             // the table says how to go on
	fateDrop                // nobody knows what it meant
	fateBad                 // it can not be so
)

// fateOf decides by the type and the number of parameters that an event has.
func fateOf(info *schema.Event, numParams uint32) fate {
	if info.Flags&schema.EFUnused != 0 {
		return fateDrop
	}
	old := info.Flags&schema.EFOldVersion != 0
	if info.Flags&schema.EFConverterManaged == 0 {
		switch {
		case !old:
			return fatePass
		case info.IsExit():
			return fateBad
		}
		return fateDrop
	}
	switch {
	case !info.IsExit():
		return fateConvert
	case numParams > uint32(len(info.Params)):
		return fateBad
	case old || numParams != uint32(len(info.Params)):
		return fateConvert
	}
	return fatePass
}

// converter turns events of all versions into those of today. It keeps the enter
// events of threads for the exit events that want something of them.
type converter struct {
	stored map[int64]*enter
	bytes  int
	params [][]byte
	text   []byte
	out    [2][]byte // results by turns: one is made from the other
}

// enter is a stored enter event. It keeps its memory for the next one.
type enter struct {
	raw  []byte
	ev   event.Event
	full bool
}

// run makes e the current form of raw. False: there is nothing to hand on.
func (c *converter) run(e *event.Event, raw []byte) (bool, error) {
	for round := range maxRounds {
		if err := e.Decode(raw); err != nil {
			return false, err
		}
		info := e.Info()
		numParams := binary.LittleEndian.Uint32(raw[22:])
		switch fateOf(info, numParams) {
		case fatePass:
			return true, nil
		case fateDrop:
			return false, nil
		case fateBad:
			return false, fmt.Errorf("%s with %d parameters", info.Code, numParams)
		}
		rule := schema.FindConversion(e.Type, int(numParams))
		if rule == nil {
			return false, fmt.Errorf("%s with %d parameters: %w", info.Code, numParams, errNoRule)
		}
		switch rule.Action {
		case schema.ConvPass:
			return true, nil
		case schema.ConvStore, schema.ConvStoreAndPass:
			c.store(e)
			return rule.Action == schema.ConvStoreAndPass, nil
		}
		out := &c.out[round%2]
		if *out = c.apply((*out)[:0], e, rule); len(*out) > maxConverted {
			return false, fmt.Errorf("%s is %d bytes long when converted", info.Code, len(*out))
		}
		raw = *out
	}
	return false, fmt.Errorf("%s is not current after %d conversions", e.Info().Code, maxRounds)
}

// store remembers the enter event of a thread until its exit event comes.
func (c *converter) store(e *event.Event) {
	if c.bytes > maxStored {
		clear(c.stored) // of threads that never came back
		c.bytes = 0
	}
	s := c.stored[e.TID]
	if s == nil {
		s = new(enter)
		c.stored[e.TID] = s
		c.bytes += 1024
	}
	c.bytes -= cap(s.raw)
	s.raw = append(s.raw[:0], e.Raw()...)
	c.bytes += cap(s.raw)
	s.full = true
}

// enterOf returns what was stored for an exit event. That of another call, which
// never came back because events were lost, is of no use.
func (c *converter) enterOf(e *event.Event) *enter {
	s := c.stored[e.TID]
	if s == nil || !s.full || s.ev.Decode(s.raw) != nil || s.ev.Type != e.Type-1 {
		return nil
	}
	return s
}

// apply appends the event that a rule makes of e.
func (c *converter) apply(dst []byte, e *event.Event, rule *schema.Conversion) []byte {
	to := e.Type
	c.params = c.params[:0]
	if rule.Action == schema.ConvBecome {
		to = rule.To
	} else {
		for i := range e.NumParams() {
			b, _ := e.Param(i)
			c.params = append(c.params, b)
		}
	}
	var used *enter
	for _, v := range rule.Values {
		param := &to.Info().Params[len(c.params)]
		var b []byte
		switch v.From {
		case schema.ConvDefault:
			b = defaultValue(param.Type)
		case schema.ConvOld:
			b, _ = e.Param(int(v.Param))
		case schema.ConvEnter:
			b = c.fromEnter(e, v, param.Type, &used)
		case schema.ConvContainerJSON:
			c.text = appendContainerJSON(c.text[:0], e)
			b = c.text
		}
		c.params = append(c.params, cut(b, param.Type, to.Info().LenSize))
	}
	if used != nil {
		used.full = false
	}
	return event.Append(dst, to, e.TS, e.TID, c.params...)
}

func (c *converter) fromEnter(e *event.Event, v schema.ConvValue, t schema.ParamType, used **enter) []byte {
	if *used == nil {
		*used = c.enterOf(e)
	}
	if *used != nil {
		if b, ok := (*used).ev.Param(int(v.Param)); ok {
			return b
		}
	}
	if v.OrEmpty {
		return nil
	}
	return defaultValue(t)
}

var (
	zeros  [16]byte
	nobody = [4]byte{0xff, 0xff, 0xff, 0xff}
)

// defaultValue is zero, or nobody; nothing for types of free length.
func defaultValue(t schema.ParamType) []byte {
	if t == schema.PTUID || t == schema.PTGID {
		return nobody[:]
	}
	return zeros[:t.Info().Size]
}

// cut bounds a value by what its new place can hold.
func cut(b []byte, t schema.ParamType, lenSize uint8) []byte {
	most := int(t.Info().Size)
	if most == 0 && lenSize == 2 {
		most = 0xffff
	}
	if most != 0 && len(b) > most {
		return b[:most]
	}
	return b
}

// appendContainerJSON writes id, type, name and image of a container as the
// events of today have them.
func appendContainerJSON(dst []byte, e *event.Event) []byte {
	id, ok := e.Str(0)
	typ, ok1 := e.Uint(1)
	name, ok2 := e.Str(2)
	image, ok3 := e.Str(3)
	if !ok || !ok1 || !ok2 || !ok3 {
		return dst
	}
	return fmt.Appendf(dst, "{\"id\":\"%s\",\"type\":%d,\"name\":\"%s\",\"image\":\"%s\"}\x00", id, typ, name, image)
}
