// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// The kernel's path of an opened file goes through a capture, so that a name that
// only it knows is the same when the capture is read.
func TestPathOption(t *testing.T) {
	for n := range 9 {
		path := "/srv/" + strings.Repeat("d", n)
		for _, hidden := range []bool{false, true} {
			var e state.Event
			name := "x" + strings.Repeat("y", n/3) // another length, to be padded otherwise
			if err := e.Decode(ev(schema.EvSyscallOpenat_2_X, 10, event.I64(3), event.I64(7), event.Str(name), event.U32(1), event.U32(0), event.U32(0), event.U64(0))); err != nil {
				t.Fatal(err)
			}
			e.Path = []byte(path)
			var out bytes.Buffer
			var buf []byte
			w, err := NewWriter(&out, false, Machine{})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Event(1, Encoded(&buf, &e.Event), hidden); err != nil {
				t.Fatal(err)
			}
			if err := w.Event(1, closeEvent(10, 3), false); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := NewReader(&out, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Next(&e.Event); err != nil {
				t.Fatal(err)
			}
			r.State().Update(&e)
			if string(e.Path) != path || e.FD.Name != path || e.FD.Raw != name {
				t.Errorf("got path %q and descriptor %+v, want %q", e.Path, e.FD, path)
			}
			if err := r.Next(&e.Event); err != nil || e.Path != nil {
				t.Errorf("behind it: %q, %v", e.Path, err)
			}
		}
	}
}

// What else stands behind an event is left alone.
func TestForeignOptions(t *testing.T) {
	raw := closeEvent(10, 3)
	align := make([]byte, padding(len(raw)))
	comment := bin(uint16(1), uint16(5), []byte("hello\x00\x00\x00"))
	path := bin(uint16(optionPath), uint16(2), []byte("/a\x00\x00"))
	tests := []struct {
		name, want string
		behind     []byte
	}{
		{"nothing", "", nil},
		{"comment", "", join(align, comment, make([]byte, 4))},
		{"comment and path", "/a", join(align, comment, path, make([]byte, 4))},
		{"behind the end", "", join(align, make([]byte, 4), path)},
		{"longer than there is", "", join(align, bin(uint16(optionPath), uint16(9), []byte("/a\x00\x00")))},
		{"padding alone", "", align},
	}
	for _, tt := range tests {
		r, err := NewReader(bytes.NewReader(join(section(), eventBlock(join(raw, tt.behind)))), nil)
		if err != nil {
			t.Fatal(err)
		}
		var e event.Event
		if err := r.Next(&e); err != nil || string(e.Path) != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.name, e.Path, err, tt.want)
		}
	}
}
