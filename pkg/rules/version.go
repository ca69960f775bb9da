// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is a semantic version: major, minor, patch.
type Version [3]uint32

// ParseVersion reads "x.y.z" (a build or pre-release suffix is ignored).
func ParseVersion(text string) (Version, error) {
	var v Version
	core, _, _ := strings.Cut(strings.TrimSpace(text), "-")
	core, _, _ = strings.Cut(core, "+")
	parts := strings.Split(core, ".")
	if len(parts) != len(v) {
		return v, fmt.Errorf("version %q is not of the form x.y.z", text)
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return Version{}, fmt.Errorf("version %q is not of the form x.y.z", text)
		}
		v[i] = uint32(n)
	}
	return v, nil
}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// Compare orders versions by major, minor, patch.
func (v Version) Compare(w Version) int {
	for i := range v {
		if c := cmp.Compare(v[i], w[i]); c != 0 {
			return c
		}
	}
	return 0
}

// Satisfies reports whether v can serve where want is asked for: same major
// version and not older.
func (v Version) Satisfies(want Version) bool {
	return v[0] == want[0] && v.Compare(want) >= 0
}
