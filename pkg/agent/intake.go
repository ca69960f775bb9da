// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"fmt"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/schema"
)

// intake takes the records of a session to events, and tells of what was lost.
// It belongs to one goroutine.
type intake struct {
	log         *logrus.Logger
	num         uint64 // of the last event
	native      *[schema.NumNative]schema.SC
	compat      *[schema.NumNative]schema.SC
	tracepoints [64]schema.SC // by bit of the mask

	undecodable uint64      // records that are no events
	badRecord   error       // the last of them, until it is told
	told        ring.Counts // what tellLosses has told of
	toldAt      time.Time
}

func newIntake(log *logrus.Logger) intake {
	arch := schema.HostArch()
	in := intake{log: log, native: arch.Native(), compat: arch.Compat()}
	for sc := range schema.TracepointSCs().All() {
		in.tracepoints[sc.Info().Tracepoint] = sc
	}
	return in
}

// event makes e the event of a record. False: the record has none.
func (in *intake) event(e *event.Event, rec *ring.Record) bool {
	if rec.Flags&abi.RecDrop != 0 {
		return false // counted by the reader, told by tellLosses
	}
	if err := e.Decode(rec.Event); err != nil {
		in.undecodable++
		in.badRecord = fmt.Errorf("ring of cpu %d, record %d: %w", rec.CPU, rec.Seq, err)
		return false
	}
	in.num++
	e.Num, e.CPU, e.RecFlags, e.Native, e.Path = in.num, uint16(rec.CPU), rec.Flags, rec.Native, rec.Path
	e.SC = in.code(rec, e)
	return true
}

// code is the portable code of what a record is about.
func (in *intake) code(rec *ring.Record, e *event.Event) schema.SC {
	switch {
	case rec.Flags&abi.RecTracepoint != 0:
		return in.tracepoints[rec.Native%uint16(len(in.tracepoints))]
	case int(rec.Native) >= schema.NumNative:
		return schema.SCUnknown
	case rec.Flags&abi.RecCompat != 0:
		return behind(in.compat[rec.Native], e.SC)
	}
	return in.native[rec.Native]
}

// behind looks behind socketcall and ipc, where the event tells which call it was.
func behind(sc, told schema.SC) schema.SC {
	if sc.IsMultiplexer() && told != schema.SCUnknown {
		return told
	}
	return sc
}
