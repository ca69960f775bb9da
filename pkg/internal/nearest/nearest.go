// SPDX-License-Identifier: Apache-2.0

// Package nearest guesses which name was meant by one that does not exist.
package nearest

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLen bounds the work: longer words are not misspelt names.
const maxLen = 64

// To returns the name that is closest to word, or "" when none is close enough: one slip in three letters, where a slip
// is a letter too many, too few, wrong, or swapped with its neighbour. Of equally close ones the first wins. A word that is
// cut short stands for the one name that it begins.
func To(word string, names []string) string {
	best, bestSlips := "", utf8.RuneCountInString(word)/3+1
	if len(word) > maxLen {
		return ""
	}
	for _, name := range names {
		if len(name) > maxLen {
			continue
		}
		if n := slips([]rune(word), []rune(name)); n < bestSlips {
			best, bestSlips = name, n
		}
	}
	if best == "" && len(word) >= minBeginning {
		best = onlyOne(names, func(name string) bool { return strings.HasPrefix(name, word) })
	}
	return best
}

// minBeginning is how much of a name must be left to tell it by.
const minBeginning = 3

// onlyOne is the one name that fits, "" when several do.
func onlyOne(names []string, fits func(string) bool) string {
	i := slices.IndexFunc(names, fits)
	if i < 0 || slices.ContainsFunc(names[i+1:], fits) {
		return ""
	}
	return names[i]
}

// slips counts what turns a into b, row by row of the usual table; only the last two rows are kept.
func slips(a, b []rune) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above[j]+cost, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
