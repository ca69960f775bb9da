// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Kernels give numbers to new system calls before the table has names for them.
// The custom set takes such a number as "#NNN", as it is called by its number on
// this architecture.

// parseNumber reads "#NNN" where the table has no name for the number.
func parseNumber(text string, a schema.Arch) (nr int, ok bool) {
	digits, ok := strings.CutPrefix(text, "#")
	nr, err := strconv.Atoi(digits)
	if !ok || err != nil || NumberNames([]int{nr})[0] != text {
		return 0, false // not as we write it: signs, leading zeros
	}
	var m schema.Mask
	return nr, m.AddNumber(nr, a)
}

// NumberNames writes numbers as the custom set takes them.
func NumberNames(nrs []int) []string {
	names := make([]string, len(nrs))
	for i, nr := range nrs {
		names[i] = "#" + strconv.Itoa(nr)
	}
	return names
}

// explainInvalid says what is wrong with an entry of the custom set and what to
// write instead.
func explainInvalid(name string, a schema.Arch) string {
	if sc, ok := schema.SCByName(name); ok {
		return fmt.Sprintf("%q goes by the name of its event here: write %s", name, strings.Join(Names(schema.SCsOf(sc)), " or "))
	}
	if name[0] != '#' {
		return newUnknownCallError(name).Error()
	}
	nr, err := strconv.Atoi(name[1:])
	if err != nil || nr < 0 || nr >= schema.NumNative || NumberNames([]int{nr})[0] != name {
		return fmt.Sprintf("%q is no number of a system call: write # and a number from 0 to %d, without signs and leading zeros", name, schema.NumNative-1)
	}
	return fmt.Sprintf("%q has a name on %s: write %s", name, a, a.Native()[nr])
}
