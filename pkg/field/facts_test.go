// SPDX-License-Identifier: Apache-2.0

package field_test

import (
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/schema"
)

type fieldFact struct {
	Name          string
	Type          string
	SinspType     string `json:"sinsp_type"`
	IsList        bool   `json:"is_list"`
	Format        string
	Deprecated    bool
	Hidden        bool
	FilterOnly    bool `json:"filter_only"`
	PrintOnly     bool `json:"print_only"`
	NoRHS         bool `json:"no_rhs"`
	NoTransformer bool `json:"no_transformer"`
	Suggested     bool `json:"format_suggested"`
	Arg           *struct{ Required, Index, Key bool }
}

// allowed are the texts of arguments that the field must take, one per field.
var allowed = map[string]string{
	"evt.type.is": "evt.type.is.open", "evt.arg": "evt.arg.fd", "evt.rawarg": "evt.rawarg.fd", "evt.around": "evt.around[1]",
	"thread.cgroup": "thread.cgroup.cpu", "container.mount": "container.mount[0]", "evt.abspath": "evt.abspath.src",
	"proc.env": "proc.env[HOME]", "proc.aenv": "proc.aenv[HOME]",
}

// Every field of the listing is there, with its type, list-ness, format, flags and
// form of argument.
func TestAllFields(t *testing.T) {
	var facts struct {
		Classes, Plugins []struct{ Fields []fieldFact }
	}
	sharedtest.JSON(t, "facts/fields.json", &facts)
	num := 0
	for _, class := range append(facts.Classes, facts.Plugins...) {
		for i := range class.Fields {
			checkFact(t, &class.Fields[i])
			num++
		}
	}
	if all := len(field.All()); all != num || num < 300 {
		t.Errorf("%d fields, the listing has %d", all, num)
	}
}

func checkFact(t *testing.T, want *fieldFact) {
	t.Helper()
	text := want.Name
	if a := allowed[want.Name]; a != "" {
		text = a
	} else if want.Arg != nil && want.Arg.Required {
		text += "[key]"
	} else if want.Arg != nil {
		text += "[1]"
	}
	r, err := field.Lookup(text)
	if err != nil || r.Name != want.Name {
		t.Errorf("%s: got %+v, %v", text, r.Field, err)
		return
	}
	if want.SinspType != "" {
		want.Type = want.SinspType
	}
	if got := "PT_" + strings.ToUpper(r.Field.Type.String()); got != want.Type {
		t.Errorf("%s: type %s, want %s", want.Name, got, want.Type)
	}
	if want.Format != "" && formatNames[r.Field.Format] != want.Format {
		t.Errorf("%s: format %s, want %s", want.Name, formatNames[r.Field.Format], want.Format)
	}
	has := func(what string, flag field.Flags, want bool) {
		if got := r.Flags&flag != 0; got != want {
			t.Errorf("%s: %s is %v, want %v", r.Name, what, got, want)
		}
	}
	has("deprecated", field.Deprecated, want.Deprecated)
	has("hidden", field.Hidden, want.Hidden)
	has("filter only", field.FilterOnly, want.FilterOnly)
	has("print only", field.PrintOnly, want.PrintOnly)
	has("no right side", field.NoRHS, want.NoRHS)
	has("no transformer", field.NoTransformer, want.NoTransformer)
	// The collector that fills k8smeta is not loaded: suggesting its fields would
	// add nothing but <NA> to every alert.
	has("suggested", field.Suggested, want.Suggested && r.Class != "k8smeta")
	if r.List != want.IsList {
		t.Errorf("%s: list is %v, want %v", want.Name, r.List, want.IsList)
	}
	if required := r.Field.Arg&field.ArgRequired != 0; required != (want.Arg != nil && want.Arg.Required) && want.Name != "evt.abspath" {
		t.Errorf("%s: an argument is required: %v", want.Name, required)
	}
	if _, err := field.Lookup(want.Name + "[1]"); (err == nil) != (r.Field.Arg&(field.ArgIndex|field.ArgKey) != 0) {
		t.Errorf("%s[1]: got %v", want.Name, err)
	}
}

var formatNames = map[schema.Format]string{
	schema.PFNA: "PF_NA", schema.PFDec: "PF_DEC", schema.PFHex: "PF_HEX", schema.PF10PaddedDec: "PF_10_PADDED_DEC",
	schema.PFID: "PF_ID", schema.PFDir: "PF_DIR", schema.PFOct: "PF_OCT",
}
