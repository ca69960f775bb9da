// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// origin is a parsed from key, "op:word:word". What op takes is in origins.
type origin struct {
	op     string
	arg    int    // first argument
	arg2   int    // second argument
	ret    bool   // the result instead of an argument
	most   bool   // of buf: as the result says, but no more than the second argument
	value  uint32 // of const
	custom string
	opnd   uint8 // operand of custom
	num    number
	offset uint8 // of in and out
}

// number is how in and out find one in memory.
type number struct {
	size   int // bytes, 0 = as wide as the caller's long
	signed bool
}

var numbers = map[string]number{
	"u8": {size: 1}, "u16": {size: 2}, "i16": {size: 2, signed: true}, "u32": {size: 4}, "i32": {size: 4, signed: true},
	"u64": {size: 8}, "long": {signed: true}, "ulong": {},
}

// form is one op of the grammar.
type form struct {
	words  string // what stands behind op: arg, ret, num, offset; "?" = may be left out
	kinds  string // of the parameters that it can fill
	source string // C: EYAS_SRC_*
	maps   string // "must" or "may" go through a flag map
}

const anyKind = "int uint string bytes"

var forms = map[string]form{
	"ret":      {kinds: "int uint", source: "RET"},
	"got":      {kinds: "int uint", source: "GOT"},
	"arg":      {kinds: "int uint", source: "ARG"},
	"int":      {words: "arg", kinds: "int uint", source: "INT"},
	"uint":     {words: "arg", kinds: "int uint", source: "UINT"},
	"id":       {words: "arg", kinds: "uint", source: "ID"},
	"pair":     {words: "arg", kinds: "int uint", source: "PAIR"},
	"flags":    {words: "arg", kinds: "int uint", source: "FLAGS", maps: "must"},
	"in":       {words: "arg num offset?", kinds: "int uint", source: "MEM", maps: "may"},
	"out":      {words: "arg num offset?", kinds: "int uint", source: "MEM", maps: "may"},
	"timespec": {words: "arg", kinds: "uint", source: "TIMESPEC"},
	"const":    {kinds: "int uint", source: "CONST"},
	"str":      {words: "arg", kinds: "string", source: "STR"},
	"outstr":   {words: "arg", kinds: "string", source: "OUTSTR"},
	"buf":      {words: "arg len arg?", kinds: "bytes", source: "BUF_ARG"},
	"iov":      {words: "arg arg", kinds: "bytes", source: "IOV"},
	"iovlen":   {words: "arg arg", kinds: "uint", source: "IOVLEN"},
	"sockaddr": {words: "arg arg", kinds: "bytes", source: "SOCKADDR"},
	"tuple":    {words: "len", kinds: "bytes", source: "TUPLE_ARG"},
	"custom":   {kinds: anyKind, source: "CUSTOM"},
	"empty":    {kinds: anyKind + " address", source: "EMPTY"},
}

func parseOrigin(s string) (origin, error) {
	parts := strings.Split(s, ":")
	op, rest := parts[0], parts[1:]
	if n, ok := argNumber(op); ok && len(rest) == 0 {
		return origin{op: "arg", arg: n}, nil
	}
	o := origin{op: op}
	form, ok := forms[op]
	switch {
	case op == "arg":
		ok = false
	case op == "const":
		ok = o.setConst(rest)
	case op == "custom":
		ok = o.setCustom(rest)
	case ok:
		ok = o.setWords(strings.Fields(form.words), rest)
	}
	if !ok {
		return origin{}, fmt.Errorf("bad from %q", s)
	}
	return o, nil
}

// setWords reads what form.words asks for.
func (o *origin) setWords(want, rest []string) bool {
	args := []*int{&o.arg, &o.arg2}
	for _, w := range want {
		kind, optional := strings.CutSuffix(w, "?")
		if len(rest) == 0 {
			return optional
		}
		ok := true
		switch {
		case kind == "num":
			o.num, ok = numbers[rest[0]]
		case kind == "offset":
			var n uint64
			n, err := strconv.ParseUint(rest[0], 0, 8)
			o.offset, ok = uint8(n), err == nil
		case kind == "len" && rest[0] == "ret":
			o.ret = true
		case len(args) == 0:
			ok = false
		default:
			*args[0], ok = argNumber(rest[0])
			o.most = o.ret
			args = args[1:]
		}
		if !ok {
			return false
		}
		rest = rest[1:]
	}
	return len(rest) == 0
}

// source is the C name of what the origin is.
func (o *origin) source() string {
	switch {
	case o.most:
		return "BUF_MOST"
	case o.ret:
		return strings.ToUpper(o.op) + "_RET"
	}
	return forms[o.op].source
}

func (o *origin) setConst(rest []string) bool {
	if len(rest) != 1 {
		return false
	}
	v, err := strconv.ParseUint(rest[0], 0, 32)
	o.value = uint32(v)
	return err == nil
}

func (o *origin) setCustom(rest []string) bool {
	if len(rest) == 0 || len(rest) > 2 || rest[0] == "" {
		return false
	}
	o.custom = rest[0]
	if len(rest) == 1 {
		return true
	}
	v, err := strconv.ParseUint(rest[1], 0, 8)
	o.opnd = uint8(v)
	return err == nil
}

// argNumber reads "arg0" … "arg5".
func argNumber(s string) (int, bool) {
	if len(s) == 4 && s[:3] == "arg" && s[3] >= '0' && s[3] <= '5' {
		return int(s[3] - '0'), true
	}
	return 0, false
}

// readsArgs tells whether the origin looks at an argument of the call. Customs
// say so themselves.
func (o origin) readsArgs() bool {
	switch o.op {
	case "ret", "got", "const", "custom", "empty":
		return false
	case "tuple":
		return !o.ret
	}
	return true
}
