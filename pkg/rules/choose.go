// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"strings"
)

// Choice switches rules on or off, by name or by tag.
type Choice struct {
	Enable bool
	Rule   string // whole name, * stands for any text; "" for none
	Tag    string // exact; "" for none
}

// Choose applies choices in order: for each rule the last that fits decides.
func (s *Set) Choose(choices []Choice) {
	for _, c := range choices {
		for _, r := range s.Rules {
			if c.fits(r) {
				r.Enabled = c.Enable
			}
		}
	}
}

func (c Choice) fits(r *Rule) bool {
	return c.Rule != "" && wildcard(c.Rule, r.Name) || c.Tag != "" && slices.Contains(r.Tags, c.Tag)
}

// wildcard matches a whole name. Each * takes up to the first place where the
// text after it occurs and does not look further, as in Falco: "*ab" does not
// match "abab".
func wildcard(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for i, part := range parts[1:] {
		if last := i == len(parts)-2; last && part == "" {
			return true
		}
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return name == ""
}
