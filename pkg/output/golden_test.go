// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/rules"
)

// wireAlert is an alert of the reference implementation.
type wireAlert struct {
	Hostname string                     `json:"hostname"`
	Output   string                     `json:"output"`
	Message  string                     `json:"message"`
	Fields   map[string]json.RawMessage `json:"output_fields"`
	Priority string                     `json:"priority"`
	Rule     string                     `json:"rule"`
	Source   string                     `json:"source"`
	Tags     []string                   `json:"tags"`
	Time     time.Time                  `json:"time"`
}

// alert takes away what the encoder adds.
func (w *wireAlert) alert(t *testing.T, iso bool) *Alert {
	t.Helper()
	priority, err := rules.ParsePriority(w.Priority)
	if err != nil {
		t.Fatal(err)
	}
	a := &Alert{Time: uint64(w.Time.UnixNano()), Rule: w.Rule, Source: w.Source, Hostname: w.Hostname,
		Message: w.Message, Priority: priority, Tags: w.Tags}
	if a.Message == "" {
		_, a.Message, _ = strings.Cut(w.Output, ": "+w.Priority+" ")
	}
	for key, value := range w.Fields {
		if key == "evt.time" && !iso || key == "evt.time.iso8601" && iso {
			continue
		}
		a.Fields = append(a.Fields, KV{key, string(value)})
	}
	return a
}

// Every alert of the reference implementation, taken apart and encoded again, is the same line.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t), "corpus/*/*"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		if goldens := strings.HasSuffix(name, ".jsonl"); goldens || strings.Contains(name, "variants/admin__json") && strings.HasSuffix(name, ".txt") {
			n += checkGoldens(t, name, goldens)
		}
	}
	if n < 1000 {
		t.Errorf("only %d alerts were compared", n)
	}
}

func checkGoldens(t *testing.T, name string, iso bool) (n int) {
	for line := range readLines(t, name) {
		has := func(member string) bool { return bytes.Contains(line, []byte(`"`+member+`":`)) }
		var w wireAlert
		if err := json.Unmarshal(line, &w); err != nil {
			continue // not an alert
		}
		e := Encoder{JSON: true, Output: has("output"), Fields: has("output_fields"), Tags: has("tags"), Message: has("message"),
			ISOTime: iso, Zone: time.UTC}
		if got := e.Append(nil, w.alert(t, iso)); !bytes.Equal(bytes.TrimSuffix(got, []byte("\n")), line) {
			t.Fatalf("%s:\ngot  %s\nwant %s", name, got, line)
		}
		n++
	}
	return n
}

// The text lines are those of the same alerts as JSON.
func TestGoldenText(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "corpus/variants")
	tests := []struct {
		file string
		enc  Encoder
	}{
		{"admin__text.txt", Encoder{Zone: time.UTC}},
		{"admin__text_iso.txt", Encoder{Zone: time.UTC, ISOTime: true}},
	}
	for _, tt := range tests {
		next := readLines(t, filepath.Join(dir, "admin__json_msg.txt"))
		for line := range readLines(t, filepath.Join(dir, tt.file)) {
			if len(line) == 0 || line[2] != ':' && line[4] != '-' {
				continue // not an alert
			}
			var w wireAlert
			if err := json.Unmarshal(<-next, &w); err != nil {
				t.Fatal(err)
			}
			if got := tt.enc.Append(nil, w.alert(t, false)); string(got) != string(line)+"\n" {
				t.Fatalf("%s:\ngot  %s\nwant %s", tt.file, got, line)
			}
		}
	}
}

func readLines(t *testing.T, name string) <-chan []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		s := bufio.NewScanner(bytes.NewReader(text))
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			lines <- bytes.Clone(s.Bytes())
		}
	}()
	return lines
}
