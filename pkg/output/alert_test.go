// SPDX-License-Identifier: Apache-2.0

package output

import (
	"strings"
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

// Which members there are always, and which a switch brings: the rest of
// [7-10] is in TestAppend.
func TestMembers(t *testing.T) {
	tests := []struct {
		name, member string
		enc          Encoder // that has it
		always       bool
	}{
		{"[7-hostname]", `"hostname":"db1"`, Encoder{}, true},
		{"[7-message]", `"message":"File`, Encoder{Message: true}, false},
		{"[7-output]", `"output":"21:56:10.367285284: Warning File`, Encoder{Output: true, Zone: time.UTC}, false},
		{"[7-output_fields]", `"output_fields":{"evt.time":`, Encoder{Fields: true}, false},
		{"[7-priority]", `"priority":"Warning"`, Encoder{}, true},
		{"[7-rule]", `"rule":"Read \"x\""`, Encoder{}, true},
		{"[7-source]", `"source":"syscall"`, Encoder{}, true},
		{"[7-tags]", `"tags":["a","b"]`, Encoder{Tags: true}, false},
		{"[7-time]", `"time":"2026-11-21T21:56:10.367285284Z"`, Encoder{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.enc.JSON = true
			if got := string(tt.enc.Append(nil, testAlert())); !strings.Contains(got, tt.member) {
				t.Errorf("no %s in %s", tt.member, got)
			}
			bare := Encoder{JSON: true}
			if got := string(bare.Append(nil, testAlert())); strings.Contains(got, tt.member) != tt.always {
				t.Errorf("%s in %s, although always is %v", tt.member, got, tt.always)
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
