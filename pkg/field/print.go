// SPDX-License-Identifier: Apache-2.0

package field

import (
	"math"
	"strconv"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/jsontext"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Type is all that is needed to show a value.
type Type struct {
	Type   schema.ParamType
	Format schema.Format
	List   bool
	Base64 bool // buffers are shown as base64
}

// ValueType is the type of what the reference extracts.
func (r *Ref) ValueType() Type { return Type{Type: r.Type, Format: r.Format, List: r.List} }

// TypeAt is ValueType, but for a field whose type each event decides.
func (r *Ref) TypeAt(e *state.Event) Type {
	t := r.ValueType()
	if r.typeAt != nil {
		t = r.typeAt(e)
	}
	t.Base64 = e.Base64
	return t
}

// maxList cuts lists in outputs.
const maxList = 1023

// AppendValue appends the text of a value that the reference extracted.
func (r *Ref) AppendValue(dst []byte, v *Value) []byte { return r.ValueType().AppendText(dst, v) }

// AppendText appends a value as outputs show it.
func (t Type) AppendText(dst []byte, v *Value) []byte {
	if !t.List {
		return t.appendOne(dst, v)
	}
	start := len(dst)
	dst = append(dst, '(')
	for i := range v.List {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = t.appendOne(dst, &v.List[i])
	}
	dst = append(dst, ')')
	return dst[:min(len(dst), start+maxList)]
}

func (t Type) appendOne(dst []byte, v *Value) []byte {
	switch KindOf(t.Type) {
	case KindText:
		return append(dst, v.S...)
	case KindBytes:
		return appendBuffer(dst, event.ViewBytes(v.S), t.Base64)
	case KindBool:
		return strconv.AppendBool(dst, v.U != 0)
	case KindFloat:
		return strconv.AppendFloat(dst, v.Float(), 'f', 1, 64)
	case KindIP:
		return v.Addr.AppendTo(dst)
	case KindNet:
		return append(dst, "<IPNET>"...) // an address has many networks
	case KindInt:
		return appendIntFormat(dst, t.Type, t.Format, v.Int())
	case KindUint:
		if decimal(t.Format) && t.Format != schema.PF10PaddedDec {
			return strconv.AppendUint(dst, v.U, 10)
		}
		return appendIntFormat(dst, t.Type, t.Format, v.Int())
	}
	return appendRawOf(dst, nil, t.Type, t.Format, event.ViewBytes(v.S))
}

func decimal(f schema.Format) bool { return f != schema.PFHex && f != schema.PFOct }

// AppendJSON appends a value as JSON: numbers as such unless their format is
// hexadecimal or octal, truths as such, all else as text.
func (t Type) AppendJSON(dst []byte, v *Value) []byte {
	if !t.List {
		return t.appendOneJSON(dst, v)
	}
	dst = append(dst, '[')
	for i := range v.List {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = t.appendOneJSON(dst, &v.List[i])
	}
	return append(dst, ']')
}

func (t Type) appendOneJSON(dst []byte, v *Value) []byte {
	switch KindOf(t.Type) {
	case KindBool:
		return strconv.AppendBool(dst, v.U != 0)
	case KindFloat:
		return appendJSONFloat(dst, v.Float())
	case KindInt:
		if decimal(t.Format) {
			return strconv.AppendInt(dst, v.Int(), 10)
		}
	case KindUint:
		if decimal(t.Format) {
			return strconv.AppendUint(dst, v.U, 10)
		}
	case KindText:
		return jsontext.AppendString(dst, v.S)
	}
	// The rest is ASCII without quotes, but for paths of sockets.
	dst = append(dst, '"')
	start := len(dst)
	dst = t.appendOne(dst, v)
	if needsEscape(dst[start:]) {
		return append(jsontext.AppendEscaped(dst[:start], string(dst[start:])), '"')
	}
	return append(dst, '"')
}

// appendJSONFloat keeps a whole number a float.
func appendJSONFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

func needsEscape(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			return true
		}
	}
	return false
}
