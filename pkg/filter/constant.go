// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
)

// constant is a right-hand text, read as the type of the left side.
type constant struct {
	u   uint64 // numbers, as field.Value has them
	s   string // texts and buffers
	ip  netip.Addr
	net netip.Prefix
}

// parseConstant reads a constant for an operand type and an operator.
func parseConstant(t schema.ParamType, op Op, text string) (constant, error) {
	if op == OpBContains || op == OpBStartsWith {
		b, err := hex.DecodeString(text)
		if err != nil {
			return constant{}, fmt.Errorf("%s wants an even number of hexadecimal digits, found %q", op, text)
		}
		return constant{s: string(b)}, nil
	}
	kind := field.KindOf(t)
	if kind != field.KindBytes && strings.IndexByte(text, 0) >= 0 {
		return constant{}, fmt.Errorf("a text must not hold a NUL byte")
	}
	switch kind {
	case field.KindText, field.KindBytes:
		return constant{s: text}, nil
	case field.KindBool:
		return parseBool(text)
	case field.KindIP:
		ip, err := parseIP(t, text)
		return constant{ip: ip}, err
	case field.KindNet:
		net, err := parseNet(t, text)
		return constant{net: net}, err
	}
	return parseNumberConstant(t, text)
}

func parseBool(text string) (constant, error) {
	switch text {
	case "true":
		return constant{u: 1}, nil
	case "false":
		return constant{}, nil
	}
	return constant{}, fmt.Errorf("%q is neither true nor false", text)
}

func parseNumberConstant(t schema.ParamType, text string) (constant, error) {
	if t == schema.PTPort {
		if port, ok := servicePort(text); ok {
			return constant{u: uint64(port)}, nil
		}
	}
	n, ok := scanDecimal(text)
	if !ok {
		if t == schema.PTPort {
			return constant{}, fmt.Errorf("%q is not a valid number or service", text)
		}
		return constant{}, fmt.Errorf("%q is not a valid number", text)
	}
	if t == schema.PTDouble {
		return constant{u: math.Float64bits(float64(int64(n)))}, nil
	}
	return constant{u: fit(t, n)}, nil
}

// scanDecimal reads decimal digits with an optional sign; a number that is too
// large becomes the largest.
func scanDecimal(text string) (uint64, bool) {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	if neg, ok := strings.CutPrefix(text, "-"); ok {
		n, ok := scanDigits(neg)
		return -n, ok
	}
	return scanDigits(strings.TrimPrefix(text, "+"))
}

func scanDigits(s string) (uint64, bool) {
	if s == "" || run(s, isDigit) != len(s) {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return math.MaxUint64, true
	}
	return n, true
}

// fit cuts a number to the width of a type and extends it with the type's sign.
func fit(t schema.ParamType, n uint64) uint64 {
	size := t.Info().Size
	if size == 0 || size >= 8 {
		return n
	}
	shift := 64 - 8*uint(size)
	if field.KindOf(t) == field.KindInt {
		return uint64(int64(n<<shift) >> shift)
	}
	return n << shift >> shift
}

// parseIP takes a text with a dot for IPv4 and any other for IPv6.
func parseIP(t schema.ParamType, text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	v4 := strings.Contains(text, ".")
	if err != nil || a.Is4() != v4 || a.Zone() != "" || !familyFits(t, a) {
		return netip.Addr{}, fmt.Errorf("%q is no valid IP address", text)
	}
	return a, nil
}

func parseNet(t schema.ParamType, text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Addr().Is4() != strings.Contains(text, ".") || !familyFits(t, p.Addr()) {
		return netip.Prefix{}, fmt.Errorf("%q is no valid IP network (address/prefix)", text)
	}
	return p.Masked(), nil
}

func familyFits(t schema.ParamType, a netip.Addr) bool {
	switch t {
	case schema.PTIPv4Addr, schema.PTIPv4Net:
		return a.Is4()
	case schema.PTIPv6Addr, schema.PTIPv6Net:
		return !a.Is4()
	}
	return true
}
