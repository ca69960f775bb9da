// SPDX-License-Identifier: Apache-2.0

package calltest

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is what an Expr stands for.
type Kind uint8

const (
	Number Kind = iota // Num
	Var                // the result of an earlier call, or what a call left in memory
	Text               // address of a text with its NUL
	Room               // address of Num zero bytes, called Name if it has one
	Memory             // address of Items, one behind the other
)

// Expr is an argument, or something that one points to.
type Expr struct {
	Kind  Kind
	Num   int64
	Text  string // of Text
	Name  string // of Var and Room
	At    Place  // of Var: where in the room of that name; Size 0 for a result
	Items []Item
}

// Item is a value in memory.
type Item struct {
	Size int // bytes; 0 is a long of the caller
	Expr Expr
}

// Place is a number in a room.
type Place struct{ Size, Offset int }

// Parse reads a list of arguments, divided by blanks:
//
//	12 -1 0x1f 0644      numbers
//	'text'               address of a text; ${dir} in it is the folder of the test
//	$name                the result that an earlier call was to name
//	$name:d4             32 bits at offset 4 in the room called name (b h d q: 8 to 64 bits)
//	{16} {16}name        address of 16 zero bytes
//	[l:'text' l:4 h:2]   address of values: l a long of the caller, b h d q 8 to 64 bits
func Parse(text string) ([]Expr, error) {
	p := &parser{text: text}
	var list []Expr
	for {
		p.blanks()
		if p.pos == len(p.text) {
			return list, nil
		}
		e, err := p.expr()
		if err != nil {
			return nil, fmt.Errorf("at %d: %w", p.pos, err)
		}
		list = append(list, e)
	}
}

type parser struct {
	text string
	pos  int
}

func (p *parser) blanks() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// until takes everything up to one of the bytes in stop.
func (p *parser) until(stop string) string {
	rest := p.text[p.pos:]
	n := strings.IndexAny(rest, stop)
	if n < 0 {
		n = len(rest)
	}
	p.pos += n
	return rest[:n]
}

func (p *parser) expr() (Expr, error) {
	c := p.text[p.pos]
	switch c {
	case '\'':
		p.pos++
		s := p.until("'")
		if p.pos == len(p.text) {
			return Expr{}, fmt.Errorf("no ' at the end of %q", s)
		}
		p.pos++
		return Expr{Kind: Text, Text: s}, nil
	case '{':
		p.pos++
		n, err := strconv.Atoi(p.until("}"))
		p.pos = min(p.pos+1, len(p.text))
		return Expr{Kind: Room, Num: int64(n), Name: p.until(" \t\n]")}, err
	case '[':
		p.pos++
		return p.memory()
	case '$':
		p.pos++
		return variable(p.until(" \t\n]"))
	}
	word := p.until(" \t\n]")
	n, err := strconv.ParseInt(word, 0, 64)
	if err != nil {
		var u uint64
		u, err = strconv.ParseUint(word, 0, 64)
		n = int64(u)
	}
	return Expr{Num: n}, err
}

var sizes = map[byte]int{'l': 0, 'b': 1, 'h': 2, 'd': 4, 'q': 8}

func (p *parser) memory() (Expr, error) {
	e := Expr{Kind: Memory}
	for {
		p.blanks()
		rest := p.text[p.pos:]
		if len(rest) == 0 {
			return e, fmt.Errorf("no ] at the end")
		}
		if rest[0] == ']' {
			p.pos++
			return e, nil
		}
		size, ok := sizes[rest[0]]
		if !ok || len(rest) < 3 || rest[1] != ':' {
			return e, fmt.Errorf("want b: h: d: q: or l: and a value")
		}
		p.pos += 2
		item, err := p.expr()
		if err != nil {
			return e, err
		}
		e.Items = append(e.Items, Item{size, item})
	}
}

func variable(text string) (Expr, error) {
	name, at, placed := strings.Cut(text, ":")
	e := Expr{Kind: Var, Name: name}
	if !placed {
		return e, nil
	}
	if at == "" {
		return e, fmt.Errorf("no place in %s", text)
	}
	size, ok := sizes[at[0]]
	n, err := strconv.Atoi(at[1:])
	if !ok || size == 0 || err != nil {
		return e, fmt.Errorf("%s is no place", at)
	}
	e.At = Place{size, n}
	return e, nil
}

// Expand replaces ${dir} and what else stands in ${}, by what lookup knows.
func Expand(text string, lookup func(Expr) (string, bool)) (string, error) {
	for {
		from := strings.Index(text, "${")
		if from < 0 {
			return text, nil
		}
		to := strings.IndexByte(text[from:], '}')
		if to < 0 {
			return "", fmt.Errorf("no } in %q", text)
		}
		e, err := variable(text[from+2 : from+to])
		if err != nil {
			return "", err
		}
		value, ok := lookup(e)
		if !ok {
			return "", fmt.Errorf("nobody says what %s is", e.Name)
		}
		text = text[:from] + value + text[from+to+1:]
	}
}
