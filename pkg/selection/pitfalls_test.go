// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// What second implementations get wrong about the steps and the names of the
// selection. Names in brackets are items of pkg/filter/testdata/language.txt.
func TestPitfalls(t *testing.T) {
	active := load(t, rule("a", "evt.type = openat")+rule("b", "evt.type = accept4")+rule("c", "evt.type = read"))
	procexit := "sched_process_exit"
	tests := []struct {
		name     string
		in       Input
		has, not string
		invalid  int
	}{
		{"[P16] names of one's own replace the state set", Input{Custom: []string{"mkdir"}}, "mkdir openat accept4 " + procexit, "clone setuid", 0},
		{"[P16] the state set is the default", Input{}, "openat clone setuid " + procexit, "mkdir", 0},
		{"[P16] a name takes out all calls of its event, for rules too", Input{Custom: []string{"!accept"}}, "openat clone", "accept accept4", 0},
		{"[P16] repair beats negation", Input{Custom: []string{"!close"}, Repair: true}, "close", "", 0},
		{"[P16] high-volume calls go", Input{}, "openat", "read", 0},
		{"[P16] unless all are wanted", Input{All: true}, "openat read", "", 0},
		{"[P22] names of events", Input{Custom: []string{"pread", "prlimit", "switch", "signaldeliver"}, All: true}, "pread64 prlimit64 sched_switch signal_deliver", "", 0},
		{"[P22] names that are none", Input{Custom: []string{"pread64", "sched_process_exit", "page_fault_user", "mkdir"}}, "mkdir", "pread64", 3},
		{"[P22] only names that are none", Input{Custom: []string{"nonsense"}}, "clone setuid", "", 1},
		{"[P22] an empty name", Input{Custom: []string{""}}, "clone setuid", "", 0},
		{"[P22] process exit stays", Input{Custom: []string{"!procexit"}}, procexit, "", 0},
		{"[P22] repair alone brings setpgid", Input{Repair: true}, "setpgid", "", 0},
		{"[P22] the default does not", Input{}, "", "setpgid", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Rules = active
			p := Compute(tt.in)
			for _, name := range strings.Fields(tt.has) {
				if sc := scNamed(t, name); !p.Selected.Has(sc) {
					t.Errorf("%s is not selected", name)
				}
			}
			for _, name := range strings.Fields(tt.not) {
				if sc := scNamed(t, name); p.Selected.Has(sc) {
					t.Errorf("%s is selected", name)
				}
			}
			if len(p.Invalid) != tt.invalid {
				t.Errorf("invalid names: got %q, want %d", p.Invalid, tt.invalid)
			}
		})
	}
}

func scNamed(t *testing.T, name string) schema.SC {
	t.Helper()
	for i := range schema.Syscalls {
		if schema.Syscalls[i].Name == name {
			return schema.SC(i)
		}
	}
	t.Fatalf("no call is named %s", name)
	return 0
}

// [P23] none of the official rules names a high-volume call, so that all changes
// nothing.
func TestOfficialRulesNeedNoVolume(t *testing.T) {
	list := corpus(t)
	if with, without := Compute(Input{Rules: list, All: true}), Compute(Input{Rules: list}); with.Selected != without.Selected {
		t.Errorf("all adds %d calls", with.Selected.Minus(without.Selected).Len())
	}
}
