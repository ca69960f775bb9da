// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"strings"
)

// maxExpansions bounds how deep values may name each other.
const maxExpansions = 16

var errExpansion = errors.New("variables name each other without end")

// Lookup finds a variable of the environment.
type Lookup func(name string) (string, bool)

// escape is the text that expands to s.
func escape(s []byte) []byte { return bytes.ReplaceAll(s, []byte("${"), []byte("$${")) }

// expandTree replaces ${NAME} in all texts below n. A text in which something was replaced is good for any key.
func expandTree(n *node, env Lookup, errs *ErrorList) {
	for _, kid := range n.kids {
		expandTree(kid, env, errs)
	}
	if n.kind != text || !strings.Contains(n.text, "${") {
		return
	}
	got, err := expand(n.text, env, 0)
	if err != nil {
		errs.add(n.at, "%v in %q", err, n.text)
		return
	}
	n.kind, n.text = literal, got
}

// expand replaces ${NAME} by the variable's value, itself expanded, or by nothing; $${ stands for ${, a $ elsewhere
// for itself.
func expand(s string, env Lookup, depth int) (string, error) {
	if depth > maxExpansions {
		return "", errExpansion
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1] + "${")
			s = s[i+2:]
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		b.WriteString(s[:i])
		value, _ := env(s[i+2 : i+end])
		value, err := expand(value, env, depth+1)
		if err != nil {
			return "", err
		}
		if b.WriteString(value); b.Len() > maxText {
			return "", errExpansion
		}
		s = s[i+end+1:]
	}
}

// maxText bounds one expanded value, and so the work of values that double each other.
const maxText = 64 << 10
