// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
)

// A file that is cut gives every event before the cut, then one error with the
// place.
func TestCut(t *testing.T) {
	const events = 3
	head := section()
	one := eventBlock(closeEvent(1, 1))
	file := join(head, bytes.Repeat(one, events))
	for n := len(head); n < len(file); n++ {
		got, _, err := readAll(t, file[:n])
		whole := (n - len(head)) / len(one)
		if len(got) != whole {
			t.Errorf("cut at %d: %d events, want %d", n, len(got), whole)
		}
		switch {
		case n == len(head):
			if !errors.Is(err, ErrNoEvents) {
				t.Errorf("cut at %d: %v", n, err)
			}
		case (n-len(head))%len(one) == 0:
			if err != nil {
				t.Errorf("cut between blocks at %d: %v", n, err)
			}
		case !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	gz := packed(t, file)
	if got, _, err := readAll(t, gz[:len(gz)-4]); len(got) != events || err == nil || !strings.Contains(err.Error(), "damaged at byte 220") {
		t.Errorf("cut gzip: %d events, %v", len(got), err)
	}
}

// errAfter fails when its bytes have been read.
type errAfter struct {
	r   io.Reader
	err error
}

func (r *errAfter) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if errors.Is(err, io.EOF) {
		err = r.err
	}
	return n, err
}

// What ends a packed file too early is told as it is.
func TestPackedEnds(t *testing.T) {
	gz := packed(t, join(section(), bytes.Repeat(eventBlock(closeEvent(1, 1)), 1000)))
	broken := errors.New("broken disk")
	empty := packed(t, nil)
	tests := []struct {
		name string
		src  io.Reader
		want error
	}{
		{"broken", &errAfter{bytes.NewReader(gz[:len(gz)-20]), broken}, broken},
		{"cut", bytes.NewReader(gz[:len(gz)-20]), io.ErrUnexpectedEOF},
		{"empty parts without end", io.MultiReader(bytes.NewReader(packed(t, section())), bytes.NewReader(bytes.Repeat(empty, 2*lookAhead))), errSparse},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := NewReader(tt.src, nil)
			var e event.Event
			for err == nil {
				err = r.Next(&e)
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	good := eventBlock(closeEvent(1, 1))
	patched := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	tests := []struct {
		name, want string
		events     int
		file       []byte
	}{
		{"empty", "not a capture file: it is empty", 0, nil},
		{"text", "not a capture file", 0, []byte("not really a capture")},
		{"gzip of text", "not a capture file", 0, packed(t, []byte("not really a capture"))},
		{"gzip of nothing", "not a capture file: it is empty", 0, packed(t, nil)},
		{"half a gzip header", "not a capture file: compressed data is cut", 0, []byte{0x1f, 0x8b, 8}},
		{"program", "not a capture file: it looks like a program", 0, []byte("\x7fELF\x02\x01\x01")},
		{"zstd", "not a capture file: it looks like compressed with zstd", 0, []byte("\x28\xb5\x2f\xfd\x04")},
		{"pcap", "not a capture file: it looks like network packets (pcap)", 0, bin(uint32(0xa1b2c3d4), make([]byte, 20))},
		{"pcapng", "not a capture file: it looks like network packets (pcapng)", 0, join(section(), block(typePackets, make([]byte, 8)), block(6, make([]byte, 40)))},
		{"other byte order", "not a capture file that can be read here", 0, bin([]byte("\n\r\r\n\x00\x00\x00\x1c\x1a\x2b\x3c\x4d"), make([]byte, 16))},
		{"other magic number", "not a capture file: byte order or magic number 0x1a2b3c1a", 0, patched(section(), 8, 0x1a)},
		{"other magic number later", "damaged at byte 100: not a capture file", 1, join(section(), good, patched(section(), 8, 0x1a))},
		{"half a section", "damaged at byte 0: block is cut after 20 bytes", 0, section()[:20]},
		{"newer format", "damaged at byte 0: version 2.2", 0, patched(section(), 12, 2)},
		{"no events", "no events in the capture", 0, section()},
		{"length of zero", "damaged at byte 100: block of type 0x216 has a length of 0", 1, join(section(), good, bin(uint32(typeEvent), uint32(0)))},
		{"huge block", "length of 67108865", 1, join(section(), good, bin(uint32(typeLarge), uint32(maxBlock+1)))},
		{"block too large for its type", "length of 65545", 1, join(section(), good, bin(uint32(typeEvent), uint32(maxEvent+1)))},
		{"list behind events", "block of type 0x215 behind events", 1, join(section(), good, block(typeThreads, nil))},
		{"trailer of a list", "24 in front and 25 behind", 0, join(section(), patched(block(typeUsers, entry(uint8(1), uint32(5), "")), 20, 25))},
		{"short event block", "event block holds 10 bytes", 1, join(section(), good, block(typeEvent, make([]byte, 12)))},
		{"long event", "event has a length of 255 in a block of 46", 1, join(section(), good, patched(good, 8+2+16, 255))},
		{"many parameters", "malformed event", 1, join(section(), good, patched(good, 8+2+25, 255))},
		{"long parameter", "malformed event", 1, join(section(), good, patched(good, 8+2+27, 255))},
		{"version 1 that does not add up", "no number of parameters fits", 1, join(section(), good, block(0x204, bin(uint16(0), patched(oldEvent(closeEvent(1, 1)), headerV1, 9))))},
		{"thread entry", "process list: an entry ends behind", 0, join(section(), block(typeThreads, bin(uint32(200), uint64(1))))},
		{"thread entry of nothing", "process list: an entry ends behind", 0, join(section(), block(typeThreads, bin(uint32(0), uint64(1))))},
		{"cut thread list", "damaged at byte 40: block is cut after 67 bytes", 0, join(section(), bin(uint32(typeThreads), ^uint32(0)), entry(threadEntry(9, 10))[:59])},
		{"behind compressed data", "damaged at byte 100 of its uncompressed content: something else stands behind compressed data", 1, join(packed(t, join(section(), good)), []byte("rest of a file"))},
		{"checksum", "damaged at byte 100 of its uncompressed content: gzip: invalid checksum", 1, patched(packed(t, join(section(), good)), len(packed(t, join(section(), good)))-8, 1)},
		{"fd list", "list of descriptors: an entry", 0, join(section(), block(typeFDs, bin(uint64(1), uint32(5), uint64(1))))},
		{"fd list without thread", "list of descriptors: an entry", 0, join(section(), block(typeFDs, bin(uint32(1))))},
		{"user list", "user list: an entry", 0, join(section(), block(typeUsers, entry(uint8(0), uint32(1), uint32(1), uint16(60))))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := readAll(t, tt.file)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if len(got) != tt.events {
				t.Errorf("%d events before it, want %d", len(got), tt.events)
			}
		})
	}
}

// A length is not believed further than there are bytes.
func TestHostileLengths(t *testing.T) {
	files := [][]byte{
		join(section(), bin(uint32(typeLarge), uint32(maxBlock))),
		join(section(), bin(uint32(typeThreads), ^uint32(0))),
		join(section(), bin(uint32(0x999), ^uint32(0))),
		join(section(), block(typeThreads, bin(^uint32(0), make([]byte, 100)))),
	}
	for i, file := range files {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := readAll(t, file)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; err == nil || n > 2<<20 {
			t.Errorf("file %d: %v, %d bytes allocated", i, err, n)
		}
	}
}
