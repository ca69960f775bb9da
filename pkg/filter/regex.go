// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// compileRegex reads a pattern in POSIX syntax. It must match a whole text, so
// it is anchored at both ends, after it was read: its own anchors are those of
// lines. Bytes that are not UTF-8 read as U+FFFD.
func compileRegex(pattern string) (*regexp.Regexp, error) {
	re, err := syntax.Parse(pattern, syntax.POSIX)
	if err != nil {
		return nil, fmt.Errorf("bad pattern: %w", err)
	}
	whole, err := regexp.Compile(`\A(?:` + re.String() + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("bad pattern: %w", err)
	}
	return whole, nil
}
