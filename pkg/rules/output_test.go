// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const suggestedText = " container_id=%container.id container_name=%container.name container_image_repository=%container.image.repository" +
	" container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name"

// [7-8] append_output.
func TestAdditions(t *testing.T) {
	const tagged = head + "evt.type = open\n  tags: [b, a]\n"
	tests := []struct {
		name  string
		add   []Addition
		want  string // added to "o %proc.name"
		extra []string
	}{
		{"none", nil, "", nil},
		{"text", []Addition{{Output: "x=%proc.pid"}}, " x=%proc.pid", nil},
		{"suggested", []Addition{{Suggested: true}}, suggestedText, nil},
		{"text, then suggested", []Addition{{Output: "x", Suggested: true}}, " x" + suggestedText, nil},
		{"in order", []Addition{{Output: "x"}, {Output: "y"}}, " x y", nil},
		{"rule", []Addition{{Rule: "r", Output: "x"}, {Rule: "R", Output: "y"}}, " x", nil},
		{"source", []Addition{{Source: "syscall", Output: "x"}, {Source: "k8s_audit", Output: "y"}}, " x", nil},
		{"all tags", []Addition{{Tags: []string{"a", "b"}, Output: "x"}, {Tags: []string{"a", "c"}, Output: "y"}}, " x", nil},
		{"fields", []Addition{{Fields: []ExtraField{{"k", "%proc.pid!"}, {"proc.exe", ""}}}}, "", []string{"k=*%proc.pid! text", "proc.exe=*%proc.exe raw"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, rep := Options{Additions: tt.add}.Load([]Source{{"a.yaml", []byte(tagged)}})
			if !rep.OK() {
				t.Fatal(rep.Err())
			}
			r := set.Rules[0]
			if want := "o %proc.name" + tt.want; r.OutputText != want || r.Output.String() != "*"+want {
				t.Errorf("output: got %s and %s, want %s", r.OutputText, r.Output, want)
			}
			var extra []string
			for _, x := range r.Extra {
				extra = append(extra, fmt.Sprintf("%s=%s %s", x.Name, x.Format, map[bool]string{true: "raw", false: "text"}[x.Raw]))
			}
			if diff := cmp.Diff(tt.extra, extra); diff != "" {
				t.Errorf("extra fields (-want +got):\n%s", diff)
			}
		})
	}
}

// LOAD_ERR_COMPILE_OUTPUT: an extra output or field does not compile.
func TestBadAdditions(t *testing.T) {
	for _, a := range []Addition{{Output: "%proc.nam"}, {Fields: []ExtraField{{"proc.nam", ""}}}, {Fields: []ExtraField{{"k", "100%"}}}} {
		_, rep := Options{Additions: []Addition{a}}.Load([]Source{{"a.yaml", []byte(head + "evt.type = open\n")}})
		if diff := cmp.Diff([]string{"LOAD_ERR_COMPILE_OUTPUT 3:11"}, codes(rep)); diff != "" {
			t.Errorf("%v: (-want +got):\n%s", a, diff)
		}
	}
}

// [7-7] LOAD_DEPRECATED_ITEM in outputs: %container.info and deprecated fields.
func TestDeprecatedOutput(t *testing.T) {
	tests := []struct{ output, text, code, field string }{
		{"a %container.info", "a", "LOAD_DEPRECATED_ITEM 3:13", "container.info"},
		{"'%container.info b'", "b", "LOAD_DEPRECATED_ITEM 3:12", "container.info"},
		{"a %evt.dir b", "a %evt.dir b", "LOAD_DEPRECATED_ITEM 3:14", "evt.dir"},
		{"a %toupper(evt.dir)", "a %toupper(evt.dir)", "LOAD_DEPRECATED_ITEM 3:14", "evt.dir"},
	}
	for _, tt := range tests {
		set, rep := load(t, strings.Replace(head, "o %proc.name", tt.output, 1)+"evt.type = open\n")
		if diff := cmp.Diff([]string{tt.code}, codes(rep)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.output, diff)
			continue
		}
		if got := rep.Results[0].Warnings[0].DeprecatedField; got != tt.field {
			t.Errorf("%s: deprecated field %q, want %q", tt.output, got, tt.field)
		}
		if got := set.Rules[0].OutputText; got != tt.text {
			t.Errorf("%s: got %q, want %q", tt.output, got, tt.text)
		}
	}
}
