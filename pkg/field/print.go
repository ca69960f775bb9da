// SPDX-License-Identifier: Apache-2.0

package field

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Type is all that is needed to show a value.
type Type struct {
	Type   schema.ParamType
	Format schema.Format
	List   bool
}

// ValueType is the type of what the reference extracts.
func (r *Ref) ValueType() Type { return Type{r.Type, r.Format, r.List} }

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
		return appendPrintable(dst, bytesOf(v.S))
	case KindBool:
		return strconv.AppendBool(dst, v.U != 0)
	case KindFloat:
		return strconv.AppendFloat(dst, v.Float(), 'f', 1, 64)
	case KindIP, KindNet:
		return v.Addr.AppendTo(dst)
	case KindInt:
		return appendIntFormat(dst, t.Type, t.Format, v.Int())
	case KindUint:
		if decimal(t.Format) && t.Format != schema.PF10PaddedDec {
			return strconv.AppendUint(dst, v.U, 10)
		}
		return appendIntFormat(dst, t.Type, t.Format, v.Int())
	}
	return appendRawOf(dst, nil, t.Type, t.Format, bytesOf(v.S))
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
		return AppendJSONString(dst, v.S)
	}
	dst = append(dst, '"')
	start := len(dst)
	dst = t.appendOne(dst, v)
	return append(escapeTail(dst, start), '"')
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

// escapeTail escapes dst[start:] where that is needed.
func escapeTail(dst []byte, start int) []byte {
	for _, c := range dst[start:] {
		if c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			tail := string(dst[start:])
			return AppendJSONText(dst[:start], tail)
		}
	}
	return dst
}

// AppendJSONString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD; nothing is escaped for HTML.
func AppendJSONString(dst []byte, s string) []byte {
	return append(AppendJSONText(append(dst, '"'), s), '"')
}

// AppendJSONText is AppendJSONString without the quotes.
func AppendJSONText(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r) // RuneError when it is not valid
			i += n
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case jsonLetters[c] != 0:
			dst = append(dst, '\\', jsonLetters[c])
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// jsonLetters are the control characters with an escape of one letter.
var jsonLetters = [0x20]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}
