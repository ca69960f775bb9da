// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
)

func (c *checker) warn(r Range, msg string) {
	c.warnings = append(c.warnings, Warning{Range: r, Msg: msg})
}

// warnNoList remarks on a name where a list is wanted and none has it: lists
// are put in their places before a condition is read.
func (c *checker) warnNoList(r Operand) {
	if l, ok := r.(*List); ok && l.Name {
		c.warn(l.R, "there is no list "+Texts(l)[0].Text+": the name is compared as a text; write it in parentheses if that is meant")
	}
}

// warnConstant remarks on constants that were likely meant as something else.
func (c *checker) warnConstant(t *Text) {
	bare := strings.Join(strings.FieldsFunc(t.Text, func(r rune) bool { return r < 256 && isSpace(byte(r)) }), "")
	if field.Exists(bare) {
		c.warn(t.R, "'"+t.Text+"' is a constant text and also the name of a field: write val("+bare+") for the value of the field")
		return
	}
	if looksLikeTransform(t.Text) {
		c.warn(t.R, "'"+t.Text+"' is a constant text and looks like a transformer: write it without quotes and blanks to apply it")
	}
}

func looksLikeTransform(s string) bool {
	s = strings.TrimFunc(s, func(r rune) bool { return r < 256 && isSpace(byte(r)) })
	name, rest, ok := strings.Cut(s, "(")
	name = strings.TrimRight(name, " \t")
	return ok && strings.HasSuffix(rest, ")") && slices.Contains(transformNames[:], name)
}

const regexSpecials = `.*+?()[]{}|^$\`

// warnRegex names the simpler operator that does the same as a pattern without
// special characters in its middle.
func (c *checker) warnRegex(t *Text) {
	s := strings.TrimSuffix(strings.TrimPrefix(t.Text, "^"), "$")
	s, head := cutAny(s, strings.CutPrefix)
	s, tail := cutAny(s, strings.CutSuffix)
	if strings.ContainsAny(s, regexSpecials) {
		return
	}
	op := "="
	switch {
	case head && tail:
		op = "contains"
	case head:
		op = "endswith"
	case tail:
		op = "startswith"
	}
	c.warn(t.R, "the pattern '"+t.Text+"' has no special characters in its middle: "+op+" does the same at a lower cost")
}

// cutAny takes parts that match anything off one end.
func cutAny(s string, cut func(s, part string) (string, bool)) (string, bool) {
	found := false
	for {
		rest, ok := s, false
		for _, part := range []string{".*", ".+", "(.*)", "(.+)"} {
			if rest, ok = cut(s, part); ok {
				break
			}
		}
		if !ok {
			return s, found
		}
		s, found = rest, true
	}
}
