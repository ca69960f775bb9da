// SPDX-License-Identifier: Apache-2.0

package filter

import "strings"

// globMatch is fnmatch without flags, on bytes: * also matches a slash. With
// fold the case of ASCII letters does not count.
//
// Of several stars only the last one needs to be tried again: what comes before
// it is matched at its earliest place.
func globMatch(pattern, s string, fold bool) bool {
	p, i := 0, 0
	starP, starI := -1, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			starP, starI = p, i
			p++
			continue
		}
		if n, ok := globOne(pattern[p:], s[i], fold); ok {
			p += n
			i++
			continue
		}
		if starP < 0 {
			return false
		}
		starI++
		p, i = starP+1, starI
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// globOne matches the first element of a pattern with one byte and returns the
// length of the element.
func globOne(pattern string, c byte, fold bool) (n int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		if n, ok, valid := globSet(pattern, c, fold); valid {
			return n, ok
		}
	case '\\':
		if len(pattern) == 1 {
			return 0, false
		}
		return 2, sameByte(pattern[1], c, fold)
	}
	return 1, sameByte(pattern[0], c, fold)
}

func sameByte(a, b byte, fold bool) bool { return a == b || fold && lower(a) == lower(b) }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func lowerText(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// globSet matches a bracket expression. It is not valid without its closing
// bracket: then the opening one stands for itself.
func globSet(pattern string, c byte, fold bool) (n int, ok, valid bool) {
	i, negate := 1, false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negate = true
		i++
	}
	found := false
	for first := true; ; first = false {
		if i >= len(pattern) {
			return 0, false, false
		}
		if pattern[i] == ']' && !first {
			return i + 1, found != negate, true
		}
		size, hit := globItem(pattern[i:], c, fold)
		if size == 0 {
			return 0, false, false
		}
		found = found || hit
		i += size
	}
}

// globItem matches a class, a range or a byte of a bracket expression.
func globItem(s string, c byte, fold bool) (n int, ok bool) {
	if n, ok, valid := globClass(s, c, fold); valid {
		return n, ok
	}
	from, n := globByte(s)
	if n == 0 {
		return 0, false
	}
	to := from
	if len(s) > n+1 && s[n] == '-' && s[n+1] != ']' {
		end, size := globByte(s[n+1:])
		if size == 0 {
			return 0, false
		}
		to = end
		n += 1 + size
	}
	ok = from <= c && c <= to
	if fold {
		ok = ok || from <= lower(c) && lower(c) <= to || from <= upper(c) && upper(c) <= to
	}
	return n, ok
}

// globByte reads a byte, after a backslash whatever it is.
func globByte(s string) (c byte, n int) {
	if s[0] != '\\' {
		return s[0], 1
	}
	if len(s) == 1 {
		return 0, 0
	}
	return s[1], 2
}

// globClass matches [:name:].
func globClass(s string, c byte, fold bool) (n int, ok, valid bool) {
	rest, isClass := strings.CutPrefix(s, "[:")
	name, _, closed := strings.Cut(rest, ":]")
	if !isClass || !closed {
		return 0, false, false
	}
	n = len(name) + 4
	if fold && (name == "upper" || name == "lower") {
		name = "alpha"
	}
	in, known := inClass(name, c)
	return n, in, known
}

func inClass(name string, c byte) (in, known bool) {
	alpha, digit := isLetter(c), isDigit(c)
	graph := c > ' ' && c < 0x7f
	switch name {
	case "alpha":
		return alpha, true
	case "digit":
		return digit, true
	case "alnum":
		return alpha || digit, true
	case "upper":
		return c >= 'A' && c <= 'Z', true
	case "lower":
		return c >= 'a' && c <= 'z', true
	case "space":
		return isSpace(c), true
	case "blank":
		return c == ' ' || c == '\t', true
	case "punct":
		return graph && !alpha && !digit, true
	case "print":
		return graph || c == ' ', true
	case "graph":
		return graph, true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "xdigit":
		return isHex(c), true
	}
	return false, false
}
