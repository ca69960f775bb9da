// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/format"
)

// Addition is what is added to the outputs of the rules that it fits.
type Addition struct {
	Rule      string   // name; "" fits all
	Source    string   // "" fits all
	Tags      []string // that the rule must have, all of them
	Output    string   // a text with fields, after a blank; "" for none
	Suggested bool     // the fields that every output should have, as name_with_underscores=value
	Fields    []ExtraField
}

// ExtraField is one more field of a JSON alert.
type ExtraField struct {
	Name   string
	Output string // "" for the value of the field that Name is
}

// Extra is an ExtraField of a rule, ready for use.
type Extra struct {
	Name   string
	Format *format.Format
	Raw    bool // the value as it is, not as text
}

func (a *Addition) fits(r *Rule) bool {
	return (a.Rule == "" || a.Rule == r.Name) && (a.Source == "" || a.Source == r.Source) &&
		!slices.ContainsFunc(a.Tags, func(tag string) bool { return !slices.Contains(r.Tags, tag) })
}

// text is what follows the output of a rule.
func (a *Addition) text() string {
	var b strings.Builder
	if a.Output != "" {
		b.WriteString(" " + a.Output)
	}
	if a.Suggested {
		for _, f := range field.All() {
			if f.Flags&field.Suggested != 0 {
				b.WriteString(" " + strings.ReplaceAll(f.Name, ".", "_") + "=%" + f.Name)
			}
		}
	}
	return b.String()
}

// Parse makes the field ready. What is missing reads <NA> in a text, null as a value.
func (x *ExtraField) Parse() (Extra, error) {
	e := Extra{Name: x.Name, Raw: x.Output == ""}
	text := x.Output
	if e.Raw {
		text = "%" + x.Name
	}
	var err error
	e.Format, err = format.Parse("*" + text)
	return e, err
}

// CheckOutput tells whether an output can be parsed.
func CheckOutput(text string) error {
	_, err := format.Parse("*" + text)
	return err
}

// addTo adds to the rule what fits it. The output is text then, not parsed.
func addTo(r *Rule, additions []Addition) error {
	for i := range additions {
		a := &additions[i]
		if !a.fits(r) {
			continue
		}
		r.OutputText += a.text()
		for k := range a.Fields {
			extra, err := a.Fields[k].Parse()
			if err != nil {
				return err
			}
			r.Extra = append(r.Extra, extra)
		}
	}
	return nil
}
