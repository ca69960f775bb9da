// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"strings"
)

// nameEvents is one entry of eventNames.
type nameEvents struct {
	name   string
	events []EventType
}

// nameSC is one entry of scNames.
type nameSC struct {
	name string
	sc   SC
}

// EventsByName returns the events of that name, old versions included, but never
// the generic event. The result must not be changed.
func EventsByName(name string) []EventType {
	i, ok := slices.BinarySearchFunc(eventNames[:], name, func(e nameEvents, n string) int { return strings.Compare(e.name, n) })
	if !ok {
		return nil
	}
	return eventNames[i].events
}

// EventByCode returns the event whose name in the schema is code.
func EventByCode(code string) (EventType, bool) {
	i := slices.IndexFunc(Events[:], func(e Event) bool { return e.Code == code })
	return EventType(max(i, 0)), i >= 0
}

// SCByName returns the code of that name.
func SCByName(name string) (SC, bool) {
	i, ok := slices.BinarySearchFunc(scNames[:], name, func(e nameSC, n string) int { return strings.Compare(e.name, n) })
	if !ok {
		return 0, false
	}
	return scNames[i].sc, true
}

// FlagTableByName returns the named flag table, nil when there is none.
func FlagTableByName(name string) *FlagTable {
	i := slices.IndexFunc(FlagTables[:], func(t *FlagTable) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return FlagTables[i]
}
