// SPDX-License-Identifier: Apache-2.0

package filter

import "strings"

func (n *And) String() string   { return string(n.appendTo(nil)) }
func (n *Or) String() string    { return string(n.appendTo(nil)) }
func (n *Not) String() string   { return string(n.appendTo(nil)) }
func (n *Macro) String() string { return n.Name }
func (n *Test) String() string  { return string(n.appendTo(nil)) }

func (n *And) appendTo(dst []byte) []byte { return appendChain(dst, n.Kids, " and ") }
func (n *Or) appendTo(dst []byte) []byte  { return appendChain(dst, n.Kids, " or ") }

func appendChain(dst []byte, kids []Node, word string) []byte {
	dst = append(dst, '(')
	for i, k := range kids {
		if i > 0 {
			dst = append(dst, word...)
		}
		dst = k.appendTo(dst)
	}
	return append(dst, ')')
}

// appendTo encloses a negation in a negation: the parser counts the nots of a
// row and keeps one or none.
func (n *Not) appendTo(dst []byte) []byte {
	dst = append(dst, "not "...)
	if _, ok := n.Kid.(*Not); !ok {
		return n.Kid.appendTo(dst)
	}
	return append(n.Kid.appendTo(append(dst, '(')), ')')
}

// appendTo encloses a macro called not, which a blank would make an operator.
func (n *Macro) appendTo(dst []byte) []byte {
	if n.Name == "not" {
		return append(dst, "(not)"...)
	}
	return append(dst, n.Name...)
}

func (n *Test) appendTo(dst []byte) []byte {
	dst = n.Left.appendOperand(dst)
	dst = append(dst, ' ')
	dst = append(dst, n.Op.String()...)
	if n.Mod != ModNone {
		dst = append(dst, ' ')
		dst = append(dst, n.Mod.String()...)
	}
	if n.Right == nil {
		return dst
	}
	return n.Right.appendOperand(append(dst, ' '))
}

func (o *Field) appendOperand(dst []byte) []byte {
	return appendArg(append(dst, o.Name...), o.Arg, o.HasArg)
}

func appendArg(dst []byte, arg string, has bool) []byte {
	if !has {
		return dst
	}
	dst = append(dst, '[')
	if arg != "" && run(arg, isPlainArg) == len(arg) {
		dst = append(dst, arg...)
	} else {
		dst = appendQuoted(dst, arg)
	}
	return append(dst, ']')
}

func isPlainArg(c byte) bool { return isArgText(c) && c >= ' ' && c != 0x7f }

// Constants among the arguments of transformers keep their quotes: without
// them they would be fields.
func (o *Text) appendOperand(dst []byte) []byte {
	if o.Number {
		return append(dst, o.Text...)
	}
	return appendText(dst, o.Text)
}

func (o *List) appendOperand(dst []byte) []byte {
	if o.Name {
		return o.Items[0].appendOperand(dst)
	}
	return o.appendItems(dst, Operand.appendOperand)
}

func (o *List) appendItems(dst []byte, item func(Operand, []byte) []byte) []byte {
	dst = append(dst, '(')
	for i, it := range o.Items {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = item(it, dst)
	}
	return append(dst, ')')
}

func (o *Transform) appendOperand(dst []byte) []byte {
	dst = append(dst, o.Kind.String()...)
	dst = append(dst, '(')
	for i, a := range o.Args {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendTransformArg(a, dst)
	}
	return appendArg(append(dst, ')'), o.Arg, o.HasArg)
}

func appendTransformArg(a Operand, dst []byte) []byte {
	switch a := a.(type) {
	case *Text:
		if !a.Number {
			return appendQuoted(dst, a.Text)
		}
	case *List:
		return a.appendItems(dst, appendTransformArg)
	}
	return a.appendOperand(dst)
}

// appendText writes a constant, in quotes where it could not stand bare.
func appendText(dst []byte, s string) []byte {
	if needsQuotes(s) {
		return appendQuoted(dst, s)
	}
	return append(dst, s...)
}

func needsQuotes(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isBare(c) || c < ' ' || c == 0x7f || c == '\\' {
			return true
		}
	}
	return s == ""
}

// Quote writes s as a quoted text that Parse reads back.
func Quote(s string) string { return string(appendQuoted(nil, s)) }

// escapeLetters are the bytes with an escape of one letter.
var escapeLetters = [256]byte{
	'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '"': '"', '\\': '\\',
}

func appendQuoted(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	// Backslashes before the closing quote would keep the text open, escaped
	// or not: they are written as \x5c.
	tail := len(strings.TrimRight(s, `\`))
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch esc := escapeLetters[c]; {
		case esc != 0 && i < tail:
			dst = append(dst, '\\', esc)
		case c < ' ' || c == 0x7f || i >= tail:
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
