// SPDX-License-Identifier: Apache-2.0

package output

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/rules"
)

func testAlert() *Alert {
	return &Alert{
		Time:     1795298170367285284,
		Rule:     `Read "x"`,
		Source:   "syscall",
		Hostname: "db1",
		Message:  "File opened | file=/tmp/a\"b\\c\xff<&> user=<NA>\n",
		Priority: rules.Warning,
		Tags:     []string{"b", "a"},
		Fields:   []KV{{"proc.tty", "0"}, {"fd.name", `"/tmp/a"`}, {"evt.time", "1795298170367285284"}, {"k8s.ns.name", "null"}},
	}
}

func TestAppend(t *testing.T) {
	east := time.FixedZone("east", 2*3600)
	all := Encoder{JSON: true, Output: true, Fields: true, Tags: true, Message: true, Zone: time.UTC}
	iso := all
	iso.ISOTime, iso.Zone, iso.Message = true, east, false
	tests := []struct {
		name string
		enc  Encoder
		want string
	}{
		{"text", Encoder{Zone: east},
			`23:56:10.367285284: Warning File opened | file=/tmp/a\"b\\c�<&> user=<NA>\n`},
		{"text with dates", Encoder{ISOTime: true, Zone: east},
			`2026-11-21T23:56:10.367285284+0200: Warning File opened | file=/tmp/a\"b\\c�<&> user=<NA>\n`},
		{"bare", Encoder{JSON: true},
			`{"hostname":"db1","priority":"Warning","rule":"Read \"x\"","source":"syscall","time":"2026-11-21T21:56:10.367285284Z"}`},
		{"whole", all,
			`{"hostname":"db1","message":"File opened | file=/tmp/a\"b\\c�<&> user=<NA>\n",` +
				`"output":"21:56:10.367285284: Warning File opened | file=/tmp/a\"b\\c�<&> user=<NA>\n",` +
				`"output_fields":{"evt.time":1795298170367285284,"fd.name":"/tmp/a","k8s.ns.name":null,"proc.tty":0},` +
				`"priority":"Warning","rule":"Read \"x\"","source":"syscall","tags":["a","b"],"time":"2026-11-21T21:56:10.367285284Z"}`},
		{"dates", iso,
			`{"hostname":"db1","output":"2026-11-21T23:56:10.367285284+0200: Warning File opened | file=/tmp/a\"b\\c�<&> user=<NA>\n",` +
				`"output_fields":{"evt.time":1795298170367285284,"evt.time.iso8601":1795298170367285284,"fd.name":"/tmp/a","k8s.ns.name":null,"proc.tty":0},` +
				`"priority":"Warning","rule":"Read \"x\"","source":"syscall","tags":["a","b"],"time":"2026-11-21T21:56:10.367285284Z"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want+"\n", string(tt.enc.Append(nil, testAlert()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEmptyAlert(t *testing.T) {
	e := Encoder{JSON: true, Fields: true, Tags: true}
	const want = `{"hostname":"","output_fields":{"evt.time":0},"priority":"Emergency","rule":"","source":"","tags":[],"time":"1970-01-01T00:00:00.000000000Z"}` + "\n"
	if diff := cmp.Diff(want, string(e.Append(nil, &Alert{}))); diff != "" {
		t.Error(diff)
	}
}

// The tags of a rule belong to the rule.
func TestTagsStay(t *testing.T) {
	a := testAlert()
	(&Encoder{JSON: true, Tags: true}).Append(nil, a)
	if a.Tags[0] != "b" {
		t.Errorf("tags were sorted in place: %v", a.Tags)
	}
}
