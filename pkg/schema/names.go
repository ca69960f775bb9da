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

// genericEvents are both sides of the generic event.
func genericEvents() EventSet { return EventsOf(EvGenericE, EvGenericX) }

// EventsByNames returns the events that the names mean: old versions are
// included, and a name that is no event's but some code's (generic or not) adds
// the generic event. async are further names by which plugins send events.
func EventsByNames(names []string, async ...string) (s EventSet) {
	generic := false
	for _, name := range names {
		events := EventsByName(name)
		for _, t := range events {
			s.Add(t)
		}
		known := len(events) > 0
		if slices.Contains(async, name) {
			s.Add(EvAsynceventE)
			known = true
		}
		if _, ok := SCByName(name); ok && !known {
			generic = true
		}
	}
	if generic {
		s = s.Union(genericEvents())
	}
	return s
}

// EventNamesToSCs returns the codes behind event names: "accept" means accept
// and accept4. The name of a code without an event of its own means that code.
func EventNamesToSCs(names []string) SCSet {
	s := EventsToSCs(EventsByNames(names).Minus(genericEvents()))
	for _, name := range names {
		if sc, ok := SCByName(name); ok && Syscalls[sc].Generic {
			s.Add(sc)
		}
	}
	return s
}

// SCNamesToSCs returns the codes that have exactly these names.
func SCNamesToSCs(names []string) (s SCSet) {
	for _, name := range names {
		if sc, ok := SCByName(name); ok && sc != SCUnknown {
			s.Add(sc)
		}
	}
	return s
}

// EventsToSCs returns the codes that are recorded as one of the events. A
// generic event stands for all generic codes.
func EventsToSCs(events EventSet) (s SCSet) {
	for t := range events.All() {
		if e := t.Info(); e != nil {
			s = s.Union(SCsOf(e.SCs...))
		}
	}
	return s
}

// SCsToEvents returns the events, old versions included, as which some code of
// the set is or was recorded.
func SCsToEvents(set SCSet) (s EventSet) {
	for i := range Events {
		if slices.ContainsFunc(Events[i].SCs, set.Has) {
			s.Add(EventType(i))
		}
	}
	return s
}

// SCsToEventNames returns the names of the set's events, and the names of those
// codes that have no event of their own, sorted.
func SCsToEventNames(set SCSet) []string {
	events := SCsToEvents(set).Minus(genericEvents())
	names := EventsToNames(events, false)
	for sc := range set.Minus(EventsToSCs(events)).All() {
		if s := sc.Info(); s != nil {
			names = append(names, s.Name)
		}
	}
	return sortedUnique(names)
}

// EventsToNames returns the names of events, sorted. The generic event counts
// for the names of all generic codes when resolveGeneric is set, else for none.
func EventsToNames(events EventSet, resolveGeneric bool) []string {
	var names []string
	generic := false
	for t := range events.All() {
		e := t.Info()
		switch {
		case e == nil:
		case e.IsGeneric():
			generic = true
		default:
			names = append(names, e.Name)
		}
	}
	if generic && resolveGeneric {
		for _, sc := range Events[EvGenericX].SCs {
			names = append(names, sc.String())
		}
	}
	return sortedUnique(names)
}

func sortedUnique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
