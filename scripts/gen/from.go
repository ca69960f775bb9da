// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// origin is a parsed from key. op is a word of the grammar below:
//
//	ret | arg | str | buf | sockaddr | tuple | flags | const | custom | empty
type origin struct {
	op     string
	arg    int // first argument
	arg2   int // second argument of buf and sockaddr
	ret    bool
	value  uint32 // of const
	custom string
	opnd   uint8 // operand of custom
}

// Which kinds of parameter an origin can fill.
var originKinds = map[string]string{
	"ret": "int uint", "arg": "int uint", "const": "int uint", "flags": "int uint",
	"str": "string", "buf": "bytes", "sockaddr": "bytes", "tuple": "bytes",
	"custom": "int uint string bytes", "empty": "int uint string bytes address",
}

func parseOrigin(s string) (origin, error) {
	bad := fmt.Errorf("bad from %q", s)
	parts := strings.Split(s, ":")
	op, rest := parts[0], parts[1:]
	if n, ok := argNumber(op); ok && len(rest) == 0 {
		return origin{op: "arg", arg: n}, nil
	}
	o := origin{op: op}
	ok := false
	switch op {
	case "ret", "empty":
		ok = len(rest) == 0
	case "str", "flags":
		ok = len(rest) == 1 && o.setArg(&o.arg, rest[0])
	case "tuple":
		o.ret = len(rest) == 1 && rest[0] == "ret"
		ok = o.ret || len(rest) == 1 && o.setArg(&o.arg, rest[0])
	case "buf":
		o.ret = len(rest) == 2 && rest[1] == "ret"
		ok = len(rest) == 2 && o.setArg(&o.arg, rest[0]) && (o.ret || o.setArg(&o.arg2, rest[1]))
	case "sockaddr":
		ok = len(rest) == 2 && o.setArg(&o.arg, rest[0]) && o.setArg(&o.arg2, rest[1])
	case "const":
		if len(rest) == 1 {
			v, err := strconv.ParseUint(rest[0], 0, 32)
			o.value, ok = uint32(v), err == nil
		}
	case "custom":
		ok = o.setCustom(rest)
	}
	if !ok {
		return origin{}, bad
	}
	return o, nil
}

func (o *origin) setArg(to *int, s string) bool {
	n, ok := argNumber(s)
	*to = n
	return ok
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
	case "arg", "str", "flags", "buf", "sockaddr":
		return true
	case "tuple":
		return !o.ret
	}
	return false
}
