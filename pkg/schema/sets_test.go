// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"testing"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
)

type factSets struct {
	SCSets map[string]struct{ Codes []string } `json:"sc_sets"`
	Rules  struct {
		Names map[string]struct {
			Events []string
			SC     []string
		}
		GenericNames map[string]string             `json:"generic_names"`
		NoEventName  []struct{ Code, Name string } `json:"sc_names_without_event_name"`
	} `json:"name_rules"`
	Counts map[string]int
}

func codes(s SCSet) []string {
	var out []string
	for sc := range s.All() {
		out = append(out, sc.Info().Code)
	}
	slices.Sort(out)
	return out
}

func eventCodes(s EventSet) []string {
	var out []string
	for e := range s.All() {
		out = append(out, e.Info().Code)
	}
	slices.Sort(out)
	return out
}

func diff(got, want []string) (missing, extra []string) {
	for _, w := range want {
		if !slices.Contains(got, w) {
			missing = append(missing, w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			extra = append(extra, g)
		}
	}
	return missing, extra
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if missing, extra := diff(got, want); len(missing) > 0 || len(extra) > 0 {
		t.Errorf("%s: missing %v, unexpected %v", what, missing, extra)
	}
}

func TestSetsAgainstFacts(t *testing.T) {
	var facts factSets
	sharedtest.JSON(t, "facts/sets.json", &facts)
	for name, got := range map[string]SCSet{
		"all":                   AllSCs(),
		"state_x86_64":          StateSCs(X8664),
		"state_aarch64":         StateSCs(AArch64),
		"io":                    IOSCs(),
		"io_other":              IOOtherSCs(),
		"file":                  FileSCs(),
		"net":                   NetSCs(),
		"proc":                  ProcSCs(),
		"sys":                   SysSCs(),
		"generic":               GenericSCs(),
		"repair_of_empty_input": RepairSCs(SCSet{}),
		"ignored_x86_64":        HighVolumeSCs(X8664),
		"ignored_aarch64":       HighVolumeSCs(AArch64),
		"tracepoints":           TracepointSCs(),
	} {
		want, ok := facts.SCSets[name]
		if !ok {
			t.Errorf("no set %q in the facts", name)
		}
		same(t, name, codes(got), want.Codes)
	}
}

func TestNamesAgainstFacts(t *testing.T) {
	var facts factSets
	sharedtest.JSON(t, "facts/sets.json", &facts)
	if len(facts.Rules.Names) != facts.Counts["event_names"] || len(facts.Rules.GenericNames) != len(GenericSCs().slice()) {
		t.Fatalf("got %d names and %d generic names", len(facts.Rules.Names), len(facts.Rules.GenericNames))
	}
	for name, want := range facts.Rules.Names {
		same(t, "events of "+name, eventCodes(EventsByNames([]string{name})), want.Events)
		same(t, "codes of "+name, codes(EventNamesToSCs([]string{name})), want.SC)
	}
	generic := []string{"PPME_GENERIC_E", "PPME_GENERIC_X"}
	for name, code := range facts.Rules.GenericNames {
		same(t, "events of "+name, eventCodes(EventsByNames([]string{name})), generic)
		same(t, "codes of "+name, codes(EventNamesToSCs([]string{name})), []string{code})
		same(t, "code "+name, codes(SCNamesToSCs([]string{name})), []string{code})
	}
	for _, sc := range facts.Rules.NoEventName {
		same(t, "events of "+sc.Name, eventCodes(EventsByNames([]string{sc.Name})), generic)
		same(t, "codes of "+sc.Name, codes(EventNamesToSCs([]string{sc.Name})), nil)
		same(t, "code "+sc.Name, codes(SCNamesToSCs([]string{sc.Name})), []string{sc.Code})
	}
}

func (b Bits[T]) slice() (out []T) { return slices.Collect(b.All()) }

func TestNameQuirks(t *testing.T) {
	generic := []string{"PPME_GENERIC_E", "PPME_GENERIC_X"}
	same(t, "unknown", eventCodes(EventsByNames([]string{"unknown"})), generic)
	same(t, "unknown code", codes(EventNamesToSCs([]string{"unknown"})), nil)
	same(t, "no name at all", eventCodes(EventsByNames([]string{"no-such-call"})), nil)
	same(t, "async name", eventCodes(EventsByNames([]string{"container"}, "container")), []string{"PPME_ASYNCEVENT_E", "PPME_CONTAINER_E", "PPME_CONTAINER_JSON_E", "PPME_CONTAINER_JSON_2_E"})
	same(t, "eventfd", codes(EventNamesToSCs([]string{"eventfd"})), []string{"PPM_SC_EVENTFD"})
	same(t, "accept", codes(EventNamesToSCs([]string{"accept"})), []string{"PPM_SC_ACCEPT", "PPM_SC_ACCEPT4"})
}

func TestSetsToNames(t *testing.T) {
	set := SCsOf(SCOpenat, SCAccept4, SCPrlimit64, SCSchedProcessExit, SCGetpid)
	same(t, "names", SCsToEventNames(set), []string{"accept", "accept4", "getpid", "openat", "prlimit", "procexit"})
	if events := SCsToEvents(SCsOf(SCGetpid)); events != EventsOf(EvGenericE, EvGenericX) {
		t.Errorf("events of a generic code: got %v", eventCodes(events))
	}
	if scs := EventsToSCs(EventsOf(EvGenericX)); scs != GenericSCs() {
		t.Errorf("codes of the generic event: got %v", codes(scs))
	}
	if names := EventsToNames(EventsOf(EvGenericX, EvSyscallOpenX), false); !slices.Equal(names, []string{"open"}) {
		t.Errorf("names without the generic ones: got %v", names)
	}
	if names := EventsToNames(EventsOf(EvGenericX, EvSyscallOpenX), true); len(names) != GenericSCs().Len()+1 {
		t.Errorf("names with the generic ones: got %d", len(names))
	}
}

func TestRepair(t *testing.T) {
	base := RepairSCs(SCSet{})
	for _, tt := range []struct {
		name string
		in   SC
		adds []SC
	}{
		{"net", SCConnect, []SC{SCConnect, SCSocket, SCGetsockopt, SCClose}},
		{"listen", SCListen, []SC{SCListen, SCSocket, SCGetsockopt, SCBind, SCClose}},
		{"file", SCOpen, []SC{SCOpen, SCClose}},
		{"io", SCRead, []SC{SCRead, SCClose}},
		{"io other", SCDup, []SC{SCDup, SCClose}},
		{"other", SCGetpid, []SC{SCGetpid}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := RepairSCs(SCsOf(tt.in)), base.Union(SCsOf(tt.adds...)); got != want {
				t.Errorf("got %v, want %v", codes(got), codes(want))
			}
		})
	}
}
