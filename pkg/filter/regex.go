// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
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
		return nil, badPattern(err)
	}
	whole, err := regexp.Compile(`\A(?:` + re.String() + `)\z`)
	if err != nil {
		return nil, badPattern(err)
	}
	return whole, nil
}

func badPattern(err error) error {
	var fault *syntax.Error
	if errors.As(err, &fault) {
		return fmt.Errorf("bad pattern: %s: %s", fault.Code, fault.Expr)
	}
	return fmt.Errorf("bad pattern: %w", err)
}
