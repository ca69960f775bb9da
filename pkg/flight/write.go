// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// writing is a dump on the side of the goroutine that writes it.
type writing struct {
	*dump
	file   *os.File
	w      *scap.Writer
	bytes  int64
	events uint64
	last   uint64 // time of the last event
	buf    cursor
}

// run writes the file until the segments end.
func (d *dump) run() {
	w := &writing{dump: d}
	err := w.open()
	if err == nil {
		err = w.begin()
	}
	for c := range d.segments {
		if err == nil {
			err = w.follow(c)
		}
		d.release(c)
		if err != nil {
			d.full.Store(true)
		}
	}
	w.end(err)
	d.r.running.Add(-1)
	d.r.done.Done()
}

var errFull = errors.New("as large as it may be")

func (w *writing) open() (err error) {
	if w.file, err = w.r.create(w.dump.file.Path); err != nil {
		return err
	}
	w.r.writing(w.dump.file.Path)
	w.w, err = scap.NewWriter(w, true, w.machine)
	return err
}

// Write writes to the file and counts.
func (w *writing) Write(b []byte) (int, error) {
	n, err := w.file.Write(b)
	w.bytes += int64(n)
	return n, err
}

// begin writes what was there before the first event, and what is kept of the
// time before the match.
func (w *writing) begin() (err error) {
	lead := make([]*segment, w.lead)
	for i := range lead {
		lead[i] = <-w.segments
	}
	for _, c := range lead {
		w.addImages(c)
	}
	err = w.w.Lists(w.lists)
	for _, raw := range w.told {
		if err == nil {
			err = w.w.Event(0, raw, true)
		}
	}
	for _, c := range lead {
		if err == nil {
			err = w.segment(c)
		}
		w.release(c)
	}
	if err == nil {
		err = w.w.Flush()
	}
	return err
}

func (w *writing) addImages(c *segment) {
	for cur := w.cursor(c); ; {
		k, _, b, ok := cur.next()
		switch {
		case !ok:
			return
		case k == kindBirth:
			w.lists.Skip(int64(binary.LittleEndian.Uint64(b)))
		case k == kindImage:
			w.lists.AddImage(bytes.Clone(b))
		case k == kindFD:
			w.lists.AddFD(bytes.Clone(b))
		}
	}
}

func (w *writing) cursor(c *segment) *cursor {
	w.buf = cursor{s: c, scratch: w.buf.scratch}
	return &w.buf
}

// follow writes a segment of the time behind the match.
func (w *writing) follow(c *segment) error {
	if err := w.segment(c); err != nil {
		return err
	}
	return w.w.Flush()
}

func (w *writing) segment(c *segment) error {
	for cur := w.cursor(c); ; {
		k, cpu, b, ok := cur.next()
		if !ok {
			return nil
		}
		if k != kindEvent && k != kindState {
			continue
		}
		if err := w.event(cpu, b, k == kindState); err != nil {
			return err
		}
		if most := w.r.opt.MaxFile; most > 0 && w.bytes >= most {
			return errFull
		}
	}
}

// event writes an event. Those from before the time that is asked for are there
// for the state alone.
func (w *writing) event(cpu uint16, raw []byte, hidden bool) error {
	ts := binary.LittleEndian.Uint64(raw)
	if ts < w.from {
		if !state.Moves(schema.EventType(binary.LittleEndian.Uint16(raw[20:]))) {
			return nil
		}
		hidden = true
	}
	if !hidden {
		w.events++
	}
	w.last = max(w.last, ts)
	return w.w.Event(cpu, raw, hidden)
}

// end closes the file and tells of it.
func (w *writing) end(err error) {
	file := w.dump.file
	if errors.Is(err, errFull) {
		file.End, err = EndOfSize, nil
	}
	if err == nil && w.hostLost > 0 {
		text := fmt.Sprintf("%d events of the host were lost meanwhile", w.hostLost)
		err = w.w.Event(0, event.Append(nil, schema.EvNotificationE, w.last, -1, event.Str("losses"), event.Str(text)), false)
	}
	if w.w != nil {
		err = errors.Join(err, w.w.Close())
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	w.r.written(file.Path)
	file.Bytes, file.Events = w.bytes, w.events
	if err != nil {
		w.r.failed.Add(1)
		file.End, file.Err = EndByError, err
		if w.bytes == 0 && w.file != nil {
			os.Remove(file.Path)
		}
	}
	if w.r.opt.Ended != nil {
		w.r.opt.Ended(&file)
	}
}
