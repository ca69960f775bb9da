// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// [P14] and the algebra of rule conditions. A result is written as
// + names, or - names for everything but these.
func TestCodes(t *testing.T) {
	tests := []struct{ text, want string }{
		{"evt.type = open", "+ open"}, {"evt.type == open", "+ open"},
		{"evt.type in (open, close)", "+ open close"},
		{"evt.type in open", "+ open"},
		{"evt.type != open", "- open"},
		{"not evt.type != open", "+ open"},
		{"not evt.type = open", "- open"},
		{"not evt.type in (open, close)", "- open close"},
		{"evt.type = open and evt.type = close", "+"},
		{"evt.type = open or evt.type = close", "+ open close"},
		{"evt.type in (open, close) and not evt.type = close", "+ open"},
		{"not (evt.type = open or evt.type = close)", "- open close"},
		{"not (evt.type = open and proc.name = cat)", "-"},
		{"not (evt.type != open and evt.type != close)", "+ open close"},
		{"not (not (evt.type = open))", "+ open"},
		{"proc.name = cat", "-"}, {"not proc.name = cat", "-"},
		{"proc.name = cat and evt.type = open", "+ open"},
		{"proc.name = cat or evt.type = open", "-"},
		{"evt.dir = > and evt.type = open", "+ open"},
		{"not evt.dir = >", "-"},
		{"my_macro and evt.type = open", "+ open"}, {"not my_macro", "-"},
		{"evt.type exists", "-"}, {"not evt.type exists", "+"},
		{"evt.type contains open", "-"}, {"not evt.type contains open", "-"}, {"evt.type startswith open", "-"}, {"evt.type glob open", "-"},
		{"evt.type regex open", "-"}, {"evt.type pmatch (open)", "-"}, {"evt.type intersects (open)", "-"},
		{"evt.type[x] = open", "-"},
		{"syscall.type = open", "+ open"}, {"not syscall.type = open", "- open"},
		{"evt.num = 0", "+"}, {"not evt.num = 0", "-"}, {"evt.num < 1", "+"}, {"evt.num <= 0", "+"}, {"evt.num in (0, 0)", "+"}, {"evt.num in ()", "+"},
		{"evt.num != 0", "-"}, {"not evt.num != 0", "+"}, {"evt.num > 0", "-"}, {"not evt.num > 0", "+"}, {"not evt.num >= 1", "+"}, {"not evt.num >= 0", "+"},
		{"evt.num = 5", "-"}, {"not evt.num = 5", "-"}, {"evt.num < 2", "-"}, {"evt.num > -1", "-"}, {"not evt.num > -1", "-"}, {"evt.num in (0, 1)", "-"},
		{"evt.num = 0 or evt.type = open", "+ open"},
		{"evt.type = anyof (open, close)", "+ open close"}, {"evt.type != allof (open, close)", "- open close"}, {"evt.type != anyof (open, close)", "-"},
		{"evt.type = accept", "+ accept"}, {"evt.type = eventfd", "+ eventfd"},
	}
	for _, tt := range tests {
		n, err := Parse(tt.text, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		events, scs, err := Codes(n)
		if err != nil {
			t.Errorf("Codes %s: %v", tt.text, err)
			continue
		}
		names := strings.Fields(tt.want)
		wantEvents, wantSCs := schema.EventsByNames(names[1:]), schema.EventNamesToSCs(names[1:])
		if names[0] == "-" {
			wantEvents, wantSCs = wantEvents.Complement(schema.AllEvents()), wantSCs.Complement(schema.AllSCs())
		}
		if events != wantEvents || scs != wantSCs {
			t.Errorf("Codes %s: got %d events and %d codes, want %d and %d", tt.text, events.Len(), scs.Len(), wantEvents.Len(), wantSCs.Len())
		}
	}
}

// [P15] accept means accept4 too, eventfd does not mean eventfd2, and one generic
// call takes the generic event.
func TestCodesOfNames(t *testing.T) {
	tests := []struct {
		text string
		scs  []schema.SC
	}{
		{"evt.type = accept", []schema.SC{schema.SCAccept, schema.SCAccept4}},
		{"evt.type = eventfd", []schema.SC{schema.SCEventfd}},
		{"evt.type = sync", []schema.SC{schema.SCSync}},
	}
	for _, tt := range tests {
		n, err := Parse(tt.text, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		events, scs, err := Codes(n)
		if got := slices.Collect(scs.All()); err != nil || !slices.Equal(got, tt.scs) {
			t.Errorf("Codes %s: got %v %v, want %v", tt.text, got, err, tt.scs)
		}
		if generic := events.Has(schema.EvGenericX); generic != (tt.text == "evt.type = sync") {
			t.Errorf("Codes %s: generic event %v", tt.text, generic)
		}
	}
}

// [P14] the type of an event does not hide in a transformer.
func TestCodesRefuses(t *testing.T) {
	for _, text := range []string{"tolower(evt.type) = open", "toupper(syscall.type) != open", "basename(evt.type) in (open)", "evt.type = val(syscall.type)", "evt.type in val(syscall.type)", "proc.name = x and not tolower(evt.type) = open"} {
		n, err := Parse(text, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Codes(n); err == nil {
			t.Errorf("Codes %s: no error", text)
		}
	}
}
