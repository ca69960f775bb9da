// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/state"
)

// TestCorpus reads the captures whole. Notes beside the large ones say how many
// events of each type the reference hands out; the small ones are of old versions.
func TestCorpus(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "corpus", "captures")
	for _, tt := range []struct {
		name string
		last uint64 // number of the last event, where there are no notes
	}{
		{"admin", 0}, {"attack", 0}, {"web", 0}, {"build", 0},
		{"curl_google", 991}, {"curl_google_comments", 991}, {"test_ipv6_client", 297},
	} {
		if sharedtest.RaceDetector && tt.last == 0 && tt.name != "build" {
			continue // too slow; runs without it read all
		}
		t.Run(tt.name, func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, tt.name+".scap"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			types, last := countTypes(t, f)
			if tt.last != 0 {
				if last != tt.last {
					t.Errorf("the last event has number %d, want %d", last, tt.last)
				}
				return
			}
			notes, err := os.ReadFile(filepath.Join(dir, tt.name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			compareCounts(t, string(notes), types)
		})
	}
}

// countTypes counts the events that are shown. State is kept as a replay does it:
// what is shown depends on it.
func countTypes(t *testing.T, f io.Reader) (types map[string]int, last uint64) {
	r, err := NewReader(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	types = map[string]int{}
	var counts [1 << 10]int
	var e state.Event
	for {
		err := r.Next(&e.Event)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = e.Num
		if r.Shown() {
			counts[e.Type]++
		}
		r.State().Update(&e)
		r.State().Done(&e)
	}
	for i, n := range counts {
		if n > 0 {
			types[fmt.Sprint(i)] = n
		}
	}
	return types, last
}

// compareCounts reads lines as "   123  161 mmap X" and "events handed out by …: 123".
func compareCounts(t *testing.T, notes string, got map[string]int) {
	t.Helper()
	sum, want, lines := 0, 0, 0
	for _, n := range got {
		sum += n
	}
	for line := range strings.Lines(notes) {
		if _, rest, ok := strings.Cut(line, "events handed out by libsinsp: "); ok {
			fmt.Sscanf(rest, "%d", &want)
		}
		var n int
		var number, name, dir string
		if k, _ := fmt.Sscanf(line, "%d %s %s %s", &n, &number, &name, &dir); k != 4 || len(dir) != 1 {
			continue
		}
		lines++
		if got[number] != n {
			t.Errorf("%s: got %d, want %d", name, got[number], n)
		}
	}
	if sum != want || lines == 0 {
		t.Errorf("got %d events in all, want %d (%d types in the notes)", sum, want, lines)
	}
}
