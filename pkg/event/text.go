// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/eyas-security/eyas/pkg/schema"
)

// noValue is the text of a parameter without value.
const noValue = "<NA>"

func encodeParam(p *schema.Param, text string) ([]byte, error) {
	if text == noValue {
		return nil, nil
	}
	switch p.Type {
	case schema.PTCharBuf, schema.PTFSPath, schema.PTFSRelPath:
		return Str(text), nil
	case schema.PTByteBuf, schema.PTCharBufArray, schema.PTCharBufPairArray:
		return encodeBytes(p, text)
	case schema.PTSockAddr:
		return encodeSockaddr(text)
	case schema.PTSockTuple:
		return encodeTuple(text)
	case schema.PTFDList:
		return encodeFDs(text)
	case schema.PTDyn:
		return encodeDyn(p, text)
	case schema.PTIPv4Addr, schema.PTIPv6Addr:
		a, err := netip.ParseAddr(text)
		return a.AsSlice(), err
	}
	return encodeNumber(p, text)
}

// encodeBytes takes the lists of the exec and clone events as words and any
// other buffer as it is.
func encodeBytes(p *schema.Param, text string) ([]byte, error) {
	if p.Type == schema.PTByteBuf {
		switch p.Name {
		case "args", "env", "cgroups":
		default:
			return []byte(text), nil
		}
	}
	words, err := splitWords(text)
	if err != nil {
		return nil, err
	}
	return Strs(words...), nil
}

// splitWords cuts a text at blanks; either quote keeps a word together.
func splitWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote byte
	open := false
	for i := range len(text) {
		c := text[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, open = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("missing closing %c in %s", quote, text)
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

func encodeSockaddr(text string) ([]byte, error) {
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, "@") {
		return SockaddrUnix(text), nil
	}
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return nil, err
	}
	return SockaddrInet(a), nil
}

func encodeTuple(text string) ([]byte, error) {
	left, right, ok := strings.Cut(text, "->")
	if !ok {
		return nil, fmt.Errorf("%q is no tuple: want SOURCE->DESTINATION", text)
	}
	if dst, path, ok := strings.Cut(right, " "); ok {
		return encodeTupleUnix(left, dst, path)
	}
	src, err := netip.ParseAddrPort(left)
	if err != nil {
		return nil, err
	}
	dst, err := netip.ParseAddrPort(right)
	if err != nil {
		return nil, err
	}
	if src.Addr().Is4() != dst.Addr().Is4() {
		return nil, fmt.Errorf("%q mixes address families", text)
	}
	return TupleInet(src, dst), nil
}

func encodeTupleUnix(src, dst, path string) ([]byte, error) {
	s, err := strconv.ParseUint(src, 16, 64)
	if err != nil {
		return nil, err
	}
	d, err := strconv.ParseUint(dst, 16, 64)
	if err != nil {
		return nil, err
	}
	return TupleUnix(s, d, path), nil
}

func encodeFDs(text string) ([]byte, error) {
	var list []FDEntry
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		num, flags, _ := strings.Cut(item, ":")
		fd, err := strconv.ParseInt(num, 0, 64)
		if err != nil {
			return nil, err
		}
		var ev int64
		if flags != "" {
			if ev, err = strconv.ParseInt(flags, 0, 16); err != nil {
				return nil, err
			}
		}
		list = append(list, FDEntry{fd, int16(ev)})
	}
	if len(list) > math.MaxUint16/fdEntrySize {
		return nil, fmt.Errorf("%d descriptors do not fit", len(list))
	}
	return FDs(list...), nil
}

// encodeDyn takes INDEX:TEXT; without index it is choice 0.
func encodeDyn(p *schema.Param, text string) ([]byte, error) {
	i := 0
	if left, right, ok := strings.Cut(text, ":"); ok {
		n, err := strconv.ParseUint(left, 10, 8)
		if err != nil {
			return nil, err
		}
		i, text = int(n), right
	}
	if i >= len(p.Dyn) {
		return nil, fmt.Errorf("choice %d of %d", i, len(p.Dyn))
	}
	choice := schema.Param{Name: p.Name, Type: p.Dyn[i].Type}
	b, err := encodeParam(&choice, text)
	return append([]byte{byte(i)}, b...), err
}

func encodeNumber(p *schema.Param, text string) ([]byte, error) {
	size := int(p.Type.Info().Size)
	if size == 0 || size > 8 {
		return nil, fmt.Errorf("a value of type %s has no text form", p.Type)
	}
	v, err := parseNumber(p, text, size*8)
	if err != nil {
		return nil, err
	}
	b := U64(v)
	return b[:size], nil
}

// parseNumber tries the names that the type knows before the digits.
func parseNumber(p *schema.Param, text string, bits int) (uint64, error) {
	if v, ok := parseName(p, text); ok {
		return v, nil
	}
	if p.Flags != nil {
		return parseFlags(p.Flags, text, bits)
	}
	if p.Type == schema.PTRelTime {
		if d, err := time.ParseDuration(text); err == nil {
			return uint64(d), nil
		}
	}
	if p.Type == schema.PTDouble {
		f, err := strconv.ParseFloat(text, 64)
		return math.Float64bits(f), err
	}
	return parseDigits(text, bits)
}

func parseName(p *schema.Param, text string) (uint64, bool) {
	switch p.Type {
	case schema.PTErrno, schema.PTFD, schema.PTPID, schema.PTInt64:
		if text == "AT_FDCWD" {
			v := int64(AtFDCWD)
			return uint64(v), true
		}
		v, ok := ParseErrno(text)
		return uint64(v), ok
	case schema.PTSigType:
		v, ok := ParseSignal(text)
		return uint64(v), ok
	case schema.PTSyscallID:
		for i := range schema.Syscalls {
			if schema.Syscalls[i].Name == text {
				return uint64(i), true
			}
		}
	case schema.PTBool:
		if v, err := strconv.ParseBool(text); err == nil && v {
			return 1, true
		}
		return 0, text == "false"
	}
	return 0, false
}

func parseFlags(t *schema.FlagTable, text string, bits int) (uint64, error) {
	var v uint64
	for item := range strings.SplitSeq(text, "|") {
		item = strings.TrimSpace(item)
		if f, ok := flagValue(t, item); ok {
			v |= uint64(f)
			continue
		}
		n, err := parseDigits(item, bits)
		if errors.Is(err, strconv.ErrSyntax) {
			return 0, fmt.Errorf("%q is no flag of %s", item, t.Name)
		}
		if err != nil {
			return 0, err
		}
		v |= n
	}
	return v, nil
}

func flagValue(t *schema.FlagTable, name string) (uint32, bool) {
	for i := range t.Entries {
		if t.Entries[i].Name == name {
			return t.Entries[i].Value, true
		}
	}
	return 0, false
}

// parseDigits accepts what fits the width, signed or not.
func parseDigits(text string, bits int) (uint64, error) {
	if strings.HasPrefix(text, "-") {
		v, err := strconv.ParseInt(text, 0, bits)
		return uint64(v), err
	}
	return strconv.ParseUint(text, 0, bits)
}
