// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/internal/itemtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// TestLanguage wants a test that names every item of testdata/language.txt.
func TestLanguage(t *testing.T) { itemtest.Check(t, "testdata/language.txt", "../..") }

// langTest is conditions about one item. They are tried on an openat of cat, or
// where their first word is "connect:" or "read:" on such an event.
type langTest struct {
	item    string
	holds   []string
	fails   []string
	refused []string // by Parse, Check
	warned  []string
}

func TestLanguageItems(t *testing.T) {
	for _, tt := range langTests {
		t.Run(tt.item, func(t *testing.T) {
			for _, text := range tt.holds {
				langEval(t, text, true)
			}
			for _, text := range tt.fails {
				langEval(t, text, false)
			}
			for _, text := range tt.refused {
				if got := checkErrors(text); got == "" {
					t.Errorf("%s: not refused", text)
				}
			}
			for _, text := range tt.warned {
				if n, err := Parse(text, ParseOptions{}); err != nil {
					t.Error(err)
				} else if _, warnings, err := Check(n); err != nil || len(warnings) == 0 {
					t.Errorf("%s: no warning, error %v", text, err)
				}
			}
		})
	}
}

func langEval(t *testing.T, text string, want bool) {
	t.Helper()
	kind, rest, ok := strings.Cut(text, ": ")
	if !ok {
		kind, rest = "", text
	}
	e := langEvent(t, kind)
	if got := compileFor(t, NewCompiler(), rest, e.Type).Match(e); got != want {
		t.Errorf("%s: got %v, want %v", text, got, want)
	}
	n, err := Parse(rest, ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkRoundTrip(t, n)
}

func langEvent(t *testing.T, kind string) *state.Event {
	h := family(t)
	if kind == "" {
		return h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/etc/Shadow\xff.d", "flags": "O_RDONLY|O_CLOEXEC", "mode": "0", "dev": "0xfe00"})
	}
	h.Feed(schema.EvSocketSocketX, 30, evtest.Values{"fd": "5", "domain": "AF_INET", "type": "1", "proto": "6", "flags": "0"})
	h.Done()
	e := h.Feed(schema.EvSocketConnectX, 30, evtest.Values{"res": "0", "fd": "5", "tuple": "10.0.0.1:1000->192.168.1.2:443"})
	if kind == "connect" {
		return e
	}
	h.Done()
	data := "\xca\xfe\x00z"
	if kind == "empty" {
		data = ""
	}
	return h.Feed(schema.EvSyscallReadX, 30, evtest.Values{"res": "4", "fd": "5", "data": data, "size": "4"})
}
