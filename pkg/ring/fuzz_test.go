// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/internal/ringtest"
)

// FuzzRing gives the reader any bytes for a module: data, head, busy and tail.
// It must neither panic nor hang nor hand on a byte from outside the ring.
func FuzzRing(f *testing.F) {
	p := ringtest.New(512)
	p.Put(ringtest.Record{Event: ringtest.EventBytes(1, 1, 7, []byte("abc")), Path: []byte("/p")})
	for p.Put(ringtest.Record{Event: ringtest.EventBytes(1, 2, 7)}) {
	}
	_, _, data := p.Pages()
	f.Add(data, p.Head(), uint64(0), false)
	f.Add(data, p.Head(), uint64(0), true)
	f.Add(data, ^uint64(0), uint64(0), false)
	f.Add(data, uint64(40), uint64(80), true)
	f.Add([]byte{}, uint64(64), uint64(0), true)
	f.Fuzz(func(t *testing.T, data []byte, head, tail uint64, busy bool) {
		const size = 1024
		p := ringtest.New(size)
		var m Mapping
		m.Reader, m.Producer, m.Data = p.Pages()
		// The halves need not agree: the module is not believed in that either.
		n := copy(m.Data, data)
		copy(m.Data[n:], data)
		p.SetHead(head)
		p.SetBusy(busy)
		for i := range 8 {
			m.Reader[i] = byte(tail >> (8 * i))
		}
		c, err := NewCPU(0, m)
		if err != nil {
			return
		}
		r := NewReader(func() uint64 { return later })
		pauses := 0
		r.pause = func(time.Duration) { pauses++ }
		if err := r.AddCPU(c); err != nil {
			t.Fatal(err)
		}
		total := 0
		check := func(rec *Record) error {
			if rec.Flags&abi.RecDrop == 0 && len(rec.Event) < headerLen {
				t.Errorf("event of %d bytes", len(rec.Event))
			}
			total += prefixLen + len(rec.Event) + len(rec.Path)
			return nil
		}
		for range 2 {
			if _, err := r.Batch(check); err != nil {
				t.Fatal(err)
			}
		}
		if total > size || pauses > 1000 {
			t.Errorf("%d bytes out of a ring of %d, %d pauses", total, size, pauses)
		}
		if _, err := r.Drain(check); err != nil {
			t.Fatal(err)
		}
	})
}
