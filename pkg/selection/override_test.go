// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"slices"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

func TestOverride(t *testing.T) {
	active := load(t, rule("a", "evt.type = mkdir"))
	type op struct {
		op    string
		names []string
	}
	tests := []struct {
		name    string
		ops     []op
		in, out []string
	}{
		{"none", nil, []string{"mkdir", "close", "procexit"}, []string{"read"}},
		{"add", []op{{"add", []string{"read"}}}, []string{"read", "mkdir", "close"}, nil},
		{"remove", []op{{"remove", []string{"mkdir", "close"}}}, []string{"open"}, []string{"mkdir", "close"}},
		{"add what was removed", []op{{"remove", []string{"mkdir"}}, {"add", []string{"mkdir"}}}, []string{"mkdir"}, nil},
		{"remove what was added", []op{{"add", []string{"read"}}, {"remove", []string{"read"}}}, []string{"mkdir"}, []string{"read"}},
		{"set", []op{{"add", []string{"write"}}, {"set", []string{"read"}}}, []string{"read", "procexit"}, []string{"mkdir", "close", "write"}},
		{"add to set", []op{{"set", []string{"read"}}, {"add", []string{"write"}}}, []string{"read", "write"}, []string{"mkdir"}},
		{"reset", []op{{"set", []string{"read"}}, {"reset", nil}}, []string{"mkdir", "close"}, []string{"read"}},
	}
	for _, tt := range tests {
		var o Override
		var err error
		for _, op := range tt.ops {
			if o, err = o.With(op.op, op.names); err != nil {
				t.Fatal(err)
			}
		}
		names := Names(Compute(Input{Rules: active, Override: o}).Selected)
		for _, name := range tt.in {
			if !slices.Contains(names, name) {
				t.Errorf("%s: %s is not selected", tt.name, name)
			}
		}
		for _, name := range tt.out {
			if slices.Contains(names, name) {
				t.Errorf("%s: %s is selected", tt.name, name)
			}
		}
	}
}

func TestOverrideErrors(t *testing.T) {
	tests := []struct {
		op    string
		names []string
		want  string
	}{
		{"add", []string{"raed"}, `"raed" is no system call or event (did you mean read?)`},
		{"add", nil, "mask add: no names"},
		{"remove", []string{"procexit"}, "procexit cannot be removed"},
		{"swap", []string{"read"}, `unknown operation "swap"`},
	}
	for _, tt := range tests {
		o, err := Override{}.With(tt.op, tt.names)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !o.IsZero() {
			t.Errorf("%s %q: %v, want %q and no change", tt.op, tt.names, err, tt.want)
		}
	}
}

// TestOverlayReasons: who took a call out is told, and so is the remedy.
func TestOverlayReasons(t *testing.T) {
	active := load(t, rule("a", "evt.type in (mkdir, sendmsg) and fd.sip = 1.2.3.4 and proc.cwd = /x"))
	o, err := Override{}.With("remove", []string{"connect"})
	if err != nil {
		t.Fatal(err)
	}
	p := Compute(Input{Rules: active, Override: o, Off: schema.SCsOf(schema.SCMkdir, schema.SCChdir)})
	members, err := p.Explain("connect", "mkdir")
	if err != nil {
		t.Fatal(err)
	}
	for i, kind := range []Kind{OutOperator, OutGovernor} {
		m := members[i]
		if m.Selected || !slices.ContainsFunc(m.Out, func(r Reason) bool { return r.Kind == kind }) {
			t.Errorf("%s: %+v, want %s", m.Name, m, kind)
		}
	}
	all := strings.Join(p.Warnings(), "\n")
	for _, want := range []string{"run 'agent mask add connect' or 'agent mask reset'", "raise the budget in [governor]"} {
		if !strings.Contains(all, want) {
			t.Errorf("warnings lack %q:\n%s", want, all)
		}
	}
}
