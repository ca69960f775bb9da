// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
)

// Why values differ from those of the reference, and why ours are right.
const (
	whyPgid    = "setpgid(0, 0) moves the caller into a group of its own; the reference looks for a thread 0"
	whyUsage   = "a new thread counts its own memory and page faults, as its clone event says; the reference goes on with the parent's"
	whyProto6  = "the transport of a fresh IPv6 socket follows from its type; the reference knows that for IPv4 only"
	whyServer  = "a fresh socket is no server, nor is one that connects or sends first"
	whyConnect = "a failed connect of an old capture has the path in its tuple; the reference looks at the address only, which such captures lack"
	whyBuffer  = "an empty buffer: the reference prints left-overs of an older one (corpus/fields/README.md)"
	whyCwd     = "an exec does not change the directory; the reference forgets it when the event of an old capture does not tell"
	whyLocal   = "a datagram that is sent from a socket does not connect it; the reference says so once"
	whyLeft    = "the start of the parent, of the process or of the pid namespace, or the file's change time, is not known: absent; the reference prints left-overs, such as an address"
)

// deviations are the fields that differ, with the number of values in admin,
// curl_google and test_ipv6_client, and all reasons that play a part.
var deviations = map[string]struct {
	counts [3]int
	why    []string
}{
	"evt.arg.fd":       {[3]int{0, 10, 1}, []string{whyProto6, whyConnect}},
	"evt.arg[0]":       {[3]int{0, 3, 1}, []string{whyProto6}},
	"evt.arg[1]":       {[3]int{0, 5, 0}, []string{whyProto6, whyConnect}},
	"evt.arg[2]":       {[3]int{0, 2, 0}, []string{whyConnect}},
	"evt.args":         {[3]int{0, 10, 1}, []string{whyProto6, whyConnect}},
	"evt.buffer":       {[3]int{0, 5, 1}, []string{whyBuffer}},
	"evt.info":         {[3]int{0, 10, 1}, []string{whyProto6, whyConnect}},
	"fd.containername": {[3]int{0, 4, 0}, []string{whyConnect}},
	"fd.connected":     {[3]int{0, 0, 1}, []string{whyLocal}},
	"fd.is_server":     {[3]int{0, 6, 5}, []string{whyServer}},
	"fd.l4proto":       {[3]int{0, 6, 1}, []string{whyProto6}},
	"fd.name":          {[3]int{0, 4, 0}, []string{whyConnect}},
	"fd.name_changed":  {[3]int{0, 2, 0}, []string{whyConnect}},
	"proc.cwd":         {[3]int{0, 624, 35}, []string{whyCwd}},
	"proc.exe_ino.ctime_duration_pidns_start": {[3]int{193, 198, 180}, []string{whyLeft}},
	"proc.exe_ino.ctime_duration_proc_start":  {[3]int{348, 198, 180}, []string{whyLeft}},
	"proc.ppid.duration":                      {[3]int{587, 813, 209}, []string{whyLeft}},
	"proc.is_pgid_leader":                     {[3]int{17, 0, 0}, []string{whyPgid}},
	"proc.is_vpgid_leader":                    {[3]int{17, 0, 0}, []string{whyPgid}},
	"proc.pgid":                               {[3]int{24, 0, 0}, []string{whyPgid}},
	"proc.pgid.exe":                           {[3]int{24, 0, 0}, []string{whyPgid}},
	"proc.pgid.exepath":                       {[3]int{24, 0, 0}, []string{whyPgid}},
	"proc.pgid.name":                          {[3]int{24, 0, 0}, []string{whyPgid}},
	"proc.vmrss":                              {[3]int{116, 0, 0}, []string{whyUsage}},
	"proc.vpgid":                              {[3]int{24, 0, 0}, []string{whyPgid}},
	"proc.vpgid.exe":                          {[3]int{24, 0, 0}, []string{whyPgid}},
	"proc.vpgid.exepath":                      {[3]int{24, 0, 0}, []string{whyPgid}},
	"proc.vpgid.name":                         {[3]int{24, 0, 0}, []string{whyPgid}},
	"thread.vmrss":                            {[3]int{116, 0, 0}, []string{whyUsage}},
	"thread.pfmajor":                          {[3]int{49, 0, 0}, []string{whyUsage}},
	"thread.pfminor":                          {[3]int{116, 73, 0}, []string{whyUsage}},
}

var fieldCaptures = [3]string{"admin", "curl_google", "test_ipv6_client"}

// TestFieldValues compares all values of all fields for the first 3,000 events of
// three captures with those of the reference.
func TestFieldValues(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "corpus")
	rule, fields := dumpRule(t, filepath.Join(dir, "fields", "dump_rule.yaml"))
	differ := map[string]*[3]int{}
	values := 0
	for i, capture := range fieldCaptures {
		if sharedtest.RaceDetector && capture == "admin" {
			for name, d := range deviations {
				differ[name] = &[3]int{d.counts[0], 0, 0} // too slow; runs without it compare
			}
			continue
		}
		got := byNumber(t, replayed(t, config.Default(), filepath.Join(dir, "captures", capture+".scap"), []string{rule}))
		want := byNumber(t, inflated(t, filepath.Join(dir, "fields", capture+".jsonl.gz")))
		if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
			t.Errorf("%s: got %d events, want %d, or others", capture, len(got), len(want))
		}
		for _, num := range slices.Sorted(maps.Keys(want)) {
			for _, name := range fields {
				values++
				if name == "fd.types" { // a set, which has no order
					sortTexts(got[num][name])
					sortTexts(want[num][name])
				}
				if text(t, got[num][name]) == text(t, want[num][name]) {
					continue
				}
				n := differ[name]
				if n == nil {
					n = new([3]int)
					differ[name] = n
				}
				if n[i]++; n[i] > deviations[name].counts[i] && n[i] <= deviations[name].counts[i]+3 {
					t.Errorf("%s: event %s: %s: got %s, want %s", capture, num, name, text(t, got[num][name]), text(t, want[num][name]))
				}
			}
		}
	}
	names := maps.Clone(deviations)
	for name := range differ {
		names[name] = deviations[name]
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if n := differ[name]; n == nil || *n != deviations[name].counts || len(deviations[name].why) == 0 {
			t.Errorf("%s: %v values differ, the list of deviations says %v", name, n, deviations[name].counts)
		}
	}
	sum := 0
	for _, n := range differ {
		sum += n[0] + n[1] + n[2]
	}
	t.Logf("%d values of %d fields, %d of them differ for the listed reasons", values, len(fields), sum)
}

// dumpRule returns a file with the rule of the listing, and its fields.
func dumpRule(t *testing.T, listing string) (file string, fields []string) {
	t.Helper()
	rule, err := os.ReadFile(listing)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(rule), `output: "`)
	output, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("%s: no output", listing)
	}
	for f := range strings.FieldsSeq(output) {
		name := strings.TrimPrefix(f, "%")
		if _, err := field.Lookup(name); err != nil {
			t.Error(err)
		}
		fields = append(fields, name)
	}
	file = filepath.Join(t.TempDir(), "dump.yaml")
	if err := os.WriteFile(file, rule, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, fields
}

// byNumber are the output fields of alerts by the number of their event.
func byNumber(t *testing.T, lines []byte) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for _, a := range alertsOf(t, lines) {
		fields, _ := a["output_fields"].(map[string]any)
		all[fmt.Sprint(fields["evt.num"])] = fields
	}
	return all
}

func inflated(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err = cmp.Or(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b
}

func sortTexts(v any) {
	list, _ := v.([]any)
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
