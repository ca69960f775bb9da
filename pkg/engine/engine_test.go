// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

const text = `
- rule: any write
  desc: d
  condition: evt.type in (openat, creat) and evt.arg.flags contains O_WRONLY
  output: o
  priority: INFO
- rule: write below etc
  desc: d
  condition: evt.type = openat and evt.is_open_write = true and fd.name startswith /etc/ and not proc.name in (dpkg, apt)
  output: o %fd.name
  priority: INFO
- rule: close
  desc: d
  condition: evt.type = close and fd.name glob "/etc/*.conf"
  output: o
  priority: INFO
`

func load(t testing.TB) []*rules.Rule {
	t.Helper()
	set, rep := rules.Load([]rules.Source{{Name: "t.yaml", Text: []byte(text)}})
	if !rep.OK() {
		t.Fatal(rep.Err())
	}
	return set.Active(rules.Debug)
}

func openat(t testing.TB, name, flags string) []byte {
	t.Helper()
	raw, err := event.Encode(nil, schema.EvSyscallOpenat_2_X, 1, 10, map[string]string{"fd": "3", "dirfd": "-100", "name": name, "flags": flags})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// [6-2] in the order of definition, the first or all.
func TestMatching(t *testing.T) {
	tests := []struct {
		mode        Matching
		name, flags string
		want        []string
	}{
		{First, "/etc/a", "O_WRONLY", []string{"any write"}},
		{All, "/etc/a", "O_WRONLY", []string{"any write", "write below etc"}},
		{All, "/etc/a", "O_RDWR", []string{"write below etc"}},
		{All, "/etc/a", "O_RDONLY", nil},
		{All, "/tmp/a", "O_WRONLY", []string{"any write"}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.mode, tt.name, tt.flags), func(t *testing.T) {
			s, e := state.New(state.Options{}), New(load(t), tt.mode)
			var ev state.Event
			if err := ev.Decode(openat(t, tt.name, tt.flags)); err != nil {
				t.Fatal(err)
			}
			s.Update(&ev)
			var got []string
			e.Process(&ev, func(r *rules.Rule) { got = append(got, r.Name) })
			if !slices.Equal(got, tt.want) {
				t.Errorf("matches: got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNoAllocation: an event that no rule matches costs no allocation.
func TestNoAllocation(t *testing.T) {
	s, e := state.New(state.Options{}), New(load(t), All)
	var ev state.Event
	raw := openat(t, "/var/lib/x", "O_RDONLY|O_CLOEXEC")
	match := func(r *rules.Rule) { t.Errorf("rule %q matched", r.Name) }
	if err := ev.Decode(raw); err != nil {
		t.Fatal(err)
	}
	s.Update(&ev)
	if n := testing.AllocsPerRun(100, func() { e.Process(&ev, match) }); n != 0 {
		t.Errorf("%v allocations for an event without match, want 0", n)
	}
}

func TestParseMatching(t *testing.T) {
	for text, want := range map[string]Matching{"": First, "first": First, "all": All} {
		if got, err := ParseMatching(text); err != nil || got != want {
			t.Errorf("ParseMatching(%q): got %v, %v, want %v", text, got, err, want)
		}
	}
	if _, err := ParseMatching("both"); err == nil {
		t.Error("ParseMatching(both): no error")
	}
}
