// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// bin joins integers, texts behind their length, and bytes, as files have them.
func bin(values ...any) []byte {
	var b []byte
	for _, v := range values {
		switch v := v.(type) {
		case uint8:
			b = append(b, v)
		case uint16:
			b = binary.LittleEndian.AppendUint16(b, v)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, v)
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, v)
		case int64:
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		case string:
			b = append(binary.LittleEndian.AppendUint16(b, uint16(len(v))), v...)
		case []byte:
			b = append(b, v...)
		default:
			panic("bin: unknown type")
		}
	}
	return b
}

// entry puts the length in front of an entry, itself included.
func entry(values ...any) []byte {
	b := bin(values...)
	return bin(uint32(len(b)+4), b)
}

func block(number uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(len(body) + 12)
	return bin(number, size, body, size)
}

func join(blocks ...[]byte) []byte { return bytes.Join(blocks, nil) }

// section is the head of a file, with options behind it as some writers have.
func section() []byte {
	return block(typeSection, bin(uint32(sectionMagic), uint16(1), uint16(2), ^uint64(0), uint16(1), uint16(4), []byte("note"), uint32(0)))
}

func eventBlock(raw []byte) []byte { return block(typeEvent, bin(uint16(3), raw)) }

// oldEvent is an event with a header of version 1.
func oldEvent(raw []byte) []byte {
	old := append(bytes.Clone(raw[:headerV1]), raw[event.HeaderSize:]...)
	binary.LittleEndian.PutUint32(old[16:], uint32(len(old)))
	return old
}

const testTime = 1_700_000_000_000_000_000

func ev(t schema.EventType, tid int64, params ...[]byte) []byte {
	return event.Append(nil, t, testTime, tid, params...)
}

func closeEvent(tid, fd int64) []byte {
	return ev(schema.EvSyscallCloseX, tid, event.I64(0), event.I64(fd))
}

func packed(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// seen is an event as a test looks at it.
type seen struct {
	Num    uint64
	Type   schema.EventType
	TID    int64
	Shown  bool
	Params []string
}

// readAll reads a file to its end and returns the error that came instead of it.
func readAll(t testing.TB, file []byte) ([]seen, *state.State, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), nil)
	if err != nil {
		return nil, nil, err
	}
	var all []seen
	var e event.Event
	for {
		if err := r.Next(&e); err != nil {
			if again := r.Next(&e); again != err {
				t.Errorf("Next after %v: %v", err, again)
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, r.State(), err
		}
		s := seen{Num: e.Num, Type: e.Type, TID: e.TID, Shown: r.Shown()}
		for i := range e.NumParams() {
			b, _ := e.Param(i)
			s.Params = append(s.Params, string(b))
		}
		all = append(all, s)
	}
}

func mustRead(t testing.TB, file []byte) ([]seen, *state.State) {
	t.Helper()
	all, st, err := readAll(t, file)
	if err != nil {
		t.Fatal(err)
	}
	return all, st
}
