// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// affixes finds all texts of a set that a value begins with; backwards, those
// that it ends with.
//
// The texts stand in order. The greatest one that is not greater than the value
// need not begin the value, but it begins with every text of the set that does,
// so that one only has to go from text to text along next.
type affixes struct {
	texts     []string
	tests     [][]int32
	next      []int32 // the longest other text that begins this one, -1: none
	backwards bool
}

func newAffixes(patterns map[string][]int32, backwards bool) *affixes {
	a := &affixes{backwards: backwards, texts: slices.Collect(maps.Keys(patterns))}
	slices.SortFunc(a.texts, a.compare)
	for i, text := range a.texts {
		a.tests = append(a.tests, patterns[text])
		a.next = append(a.next, a.begins(int32(i)-1, text))
	}
	return a
}

func (a *affixes) compare(s, t string) int {
	if !a.backwards {
		return strings.Compare(s, t)
	}
	for i, j := len(s)-1, len(t)-1; i >= 0 && j >= 0; i, j = i-1, j-1 {
		if s[i] != t[j] {
			return cmp.Compare(s[i], t[j])
		}
	}
	return cmp.Compare(len(s), len(t))
}

// begins goes from text i along next to the first that begins s.
func (a *affixes) begins(i int32, s string) int32 {
	for ; i >= 0; i = a.next[i] {
		if a.backwards && strings.HasSuffix(s, a.texts[i]) || !a.backwards && strings.HasPrefix(s, a.texts[i]) {
			return i
		}
	}
	return -1
}

// longest returns the longest text that begins s, -1 when there is none. The
// others follow along next.
func (a *affixes) longest(s string) int32 {
	low, high := 0, len(a.texts) // the first text greater than s
	for low < high {
		mid := int(uint(low+high) >> 1)
		if a.compare(a.texts[mid], s) <= 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return a.begins(int32(low)-1, s)
}
