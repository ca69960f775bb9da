// SPDX-License-Identifier: Apache-2.0

package field

import (
	"strconv"

	"github.com/eyas-security/eyas/pkg/internal/jsontext"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// AppendEventJSON appends an event as one JSON object: number, time in ns since
// the epoch, CPU, thread, type, direction, and its parameters by name.
func AppendEventJSON(dst []byte, e *state.Event) []byte {
	name, dir := e.Info().Name, ">"
	if e.Info().IsGeneric() {
		name = e.SC.String()
	}
	if e.Type.IsExit() {
		dir = "<"
	}
	dst = strconv.AppendUint(append(dst, `{"num":`...), e.Num, 10)
	dst = strconv.AppendUint(append(dst, `,"ts":`...), e.TS, 10)
	dst = strconv.AppendUint(append(dst, `,"cpu":`...), uint64(e.CPU), 10)
	dst = strconv.AppendInt(append(dst, `,"tid":`...), e.TID, 10)
	dst = jsontext.AppendString(append(dst, `,"type":`...), name)
	dst = jsontext.AppendString(append(dst, `,"dir":`...), dir)
	dst = append(dst, `,"params":{`...)
	for i := range e.NumParams() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendString(dst, e.Info().Params[i].Name), ':')
		dst = appendParamJSON(dst, e, i)
	}
	return append(dst, "}}"...)
}

// appendParamJSON appends parameter i of an event as JSON: null when it has no
// value; results, descriptors, ids and counts as numbers; what stands for names
// (flags, signals, system calls), texts and the rest as evt.arg writes it.
func appendParamJSON(dst []byte, e *state.Event, i int) []byte {
	b, ok := e.Param(i)
	if !ok || len(b) == 0 {
		return append(dst, "null"...)
	}
	p := &e.Info().Params[i]
	n, isNumber := e.Int(i)
	switch KindOf(p.Type) {
	case KindInt, KindUint, KindBool, KindFloat:
		if isNumber && p.Flags == nil && p.Type != schema.PTSigType && p.Type != schema.PTSyscallID {
			t := Type{Type: p.Type, Format: schema.PFDec}
			return t.AppendJSON(dst, &Value{U: uint64(n)})
		}
	}
	start := len(dst)
	dst = appendParamText(dst, e, i)
	text := string(dst[start:])
	return jsontext.AppendString(dst[:start], text)
}
