// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/state"
)

// transform returns the extractor of a list of operands or of a transformer.
func (c *Compiler) transform(x *expr, args []*source) field.Extract {
	if x.kind == exprList {
		return c.collect(args)
	}
	first := args[0]
	switch x.tr {
	case TransLen:
		return c.length(x, first)
	case TransJoin:
		return c.join(first, args[1])
	case TransConcat:
		return c.concat(args)
	case TransGetopt:
		return c.getopt(x, first, args[1])
	}
	one := single[x.tr]
	if x.list {
		return func(e *state.Event, v *field.Value) bool { return eachElement(one, first.value(c, e), v) }
	}
	return func(e *state.Event, v *field.Value) bool {
		in := first.value(c, e)
		return in != nil && one(in, v)
	}
}

// single are the transformers of one value to one value.
var single = [...]func(in, out *field.Value) bool{
	TransToLower:  func(in, out *field.Value) bool { return mapBytes(in, out, lower) },
	TransToUpper:  func(in, out *field.Value) bool { return mapBytes(in, out, upper) },
	TransB64:      decodeB64,
	TransBasename: basename,
}

// eachElement applies a transformer to a list. An element without result takes
// the value of the whole.
func eachElement(one func(in, out *field.Value) bool, in, out *field.Value) bool {
	out.Reset()
	if in == nil {
		return false
	}
	for i := range in.List {
		if !one(&in.List[i], out.Next()) {
			return false
		}
	}
	return true
}

func mapBytes(in, out *field.Value, f func(byte) byte) bool {
	b := out.Scratch()
	for i := range len(in.S) {
		b = append(b, f(in.S[i]))
	}
	out.SetScratch(b)
	return true
}

// decodeB64 reads base64 with or without its padding.
func decodeB64(in, out *field.Value) bool {
	src := strings.TrimRight(in.S, "=")
	if pad := len(in.S) - len(src); pad > 2 || pad > 0 && len(in.S)%4 != 0 {
		return false
	}
	n := len(src)
	b := append(out.Scratch(), src...)
	b = slices.Grow(b, base64.RawStdEncoding.DecodedLen(n))[:n+base64.RawStdEncoding.DecodedLen(n)]
	m, err := base64.RawStdEncoding.Decode(b[n:], b[:n])
	out.SetScratch(b[:copy(b, b[n:n+max(m, 0)])])
	return err == nil
}

func basename(in, out *field.Value) bool {
	out.S = in.S[strings.LastIndexByte(in.S, '/')+1:]
	return true
}

// length counts the elements of a list, the bytes of a buffer, or those of a
// text up to a NUL.
func (c *Compiler) length(x *expr, arg *source) field.Extract {
	list, buffer := x.args[0].list, !isText(x.args[0])
	return func(e *state.Event, v *field.Value) bool {
		in := arg.value(c, e)
		if in == nil {
			return false
		}
		n := len(in.S)
		if list {
			n = len(in.List)
		} else if i := strings.IndexByte(in.S, 0); i >= 0 && !buffer {
			n = i
		}
		v.U = uint64(n)
		return true
	}
}

// collect makes a list of operands; all must have a value.
func (c *Compiler) collect(args []*source) field.Extract {
	return func(e *state.Event, v *field.Value) bool {
		v.Reset()
		for _, a := range args {
			in := a.value(c, e)
			if in == nil {
				return false
			}
			out := v.Next()
			out.U, out.S, out.Addr = in.U, in.S, in.Addr
		}
		return true
	}
}

func (c *Compiler) join(sep, list *source) field.Extract {
	return func(e *state.Event, v *field.Value) bool {
		s, in := sep.value(c, e), list.value(c, e)
		if s == nil || in == nil {
			return false
		}
		b := v.Scratch()
		for i := range in.List {
			if i > 0 {
				b = append(b, s.S...)
			}
			b = append(b, in.List[i].S...)
		}
		v.SetScratch(b)
		return true
	}
}

func (c *Compiler) concat(args []*source) field.Extract {
	return func(e *state.Event, v *field.Value) bool {
		b := v.Scratch()
		for _, a := range args {
			in := a.value(c, e)
			if in == nil {
				return false
			}
			b = append(b, in.S...)
		}
		v.SetScratch(b)
		return true
	}
}

// getopt lists option letters and values, or takes the value of one option.
func (c *Compiler) getopt(x *expr, list, opts *source) field.Extract {
	want := x.opt
	if x.list {
		return func(e *state.Event, v *field.Value) bool {
			in, spec := list.value(c, e), opts.value(c, e)
			v.Reset()
			if in == nil || spec == nil {
				return false
			}
			scanOptions(in.List, spec.S, func(letter, value string, takes bool) {
				v.Next().S = letter
				if takes {
					v.Next().S = value
				}
			})
			return true
		}
	}
	return func(e *state.Event, v *field.Value) bool {
		in, spec := list.value(c, e), opts.value(c, e)
		if in == nil || spec == nil {
			return false
		}
		found := false
		scanOptions(in.List, spec.S, func(letter, value string, takes bool) {
			if letter != want {
				return
			}
			found = true
			v.S = letter
			if takes {
				v.S = value
			}
		})
		return found
	}
}

// scanOptions walks the options of a command line as POSIX wants it: up to the
// first word that is none. Letters may stand together; a value is the rest of
// the word or the next one.
func scanOptions(words []field.Value, spec string, yield func(letter, value string, takes bool)) {
	for i := 0; i < len(words); i++ {
		w := words[i].S
		if w == "--" || len(w) < 2 || w[0] != '-' {
			return
		}
		if w[1] == '-' { // a long option
			continue
		}
		for j := 1; j < len(w); j++ {
			letter := w[j : j+1]
			known, takes := optionOf(spec, w[j])
			if !known {
				yield("?", "", false)
				continue
			}
			if !takes {
				yield(letter, "", false)
				continue
			}
			value := w[j+1:]
			if value == "" && i+1 < len(words) {
				i++
				value = words[i].S
			}
			yield(letter, value, true)
			break
		}
	}
}

// optionOf looks a letter up in an option string, where a colon follows letters
// that take a value.
func optionOf(spec string, letter byte) (known, takes bool) {
	i := strings.IndexByte(spec, letter)
	if letter == ':' || i < 0 {
		return false, false
	}
	return true, i+1 < len(spec) && spec[i+1] == ':'
}
