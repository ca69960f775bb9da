// SPDX-License-Identifier: Apache-2.0

// Package jsontext writes texts of the host, which may hold any bytes, into JSON and into lines of text.
package jsontext

import "unicode/utf8"

const (
	hex         = "0123456789abcdef"
	replacement = "\uFFFD"
)

// AppendString appends s as a JSON string. Only what must be escaped is; bytes that are not UTF-8 become U+FFFD.
func AppendString[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	dst = AppendEscaped(dst, s)
	return append(dst, '"')
}

// AppendEscaped is AppendString without the quotes around it.
func AppendEscaped[T ~string | ~[]byte](dst []byte, s T) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		n, ok := 1, false
		if c >= utf8.RuneSelf {
			n, ok = sequence(s, i)
		}
		if ok {
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, c)
		i += n
		start = i
	}
	return append(dst, s[start:]...)
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if c >= utf8.RuneSelf {
		return append(dst, replacement...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// sequence looks at the bytes of s from i on, the first of which is not ASCII: how many belong together, and whether
// they are a character. What could have become one up to the byte that broke it counts as one fault, not as many.
func sequence[T ~string | ~[]byte](s T, i int) (n int, ok bool) {
	lead, low, high := s[i], byte(0x80), byte(0xBF)
	var more int
	switch {
	case lead >= 0xC2 && lead <= 0xDF:
		more = 1
	case lead >= 0xE0 && lead <= 0xEF:
		more = 2
	case lead >= 0xF0 && lead <= 0xF4:
		more = 3
	default:
		return 1, false
	}
	switch lead { // no overlong forms, no surrogates, nothing above U+10FFFF
	case 0xE0:
		low = 0xA0
	case 0xED:
		high = 0x9F
	case 0xF0:
		low = 0x90
	case 0xF4:
		high = 0x8F
	}
	for n = 1; n <= more; n++ {
		if i+n >= len(s) || s[i+n] < low || s[i+n] > high {
			return n, false
		}
		low, high = 0x80, 0xBF
	}
	return n, true
}
