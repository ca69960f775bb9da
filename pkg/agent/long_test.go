// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/internal/scaptest"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/state"
)

// The events of a capture again and again, into one state and through all rules,
// 20 million of them with EYAS_LONG=1: tables and heap end where they were after
// the first tenth.
func TestMemoryStaysFlat(t *testing.T) {
	if sharedtest.RaceDetector {
		t.Skip("the race detector keeps memory of its own")
	}
	total := 500_000
	if os.Getenv("EYAS_LONG") == "1" {
		total = 20_000_000
	}
	p, events := loop(t, "attack")
	span := binary.LittleEndian.Uint64(events[len(events)-1]) - binary.LittleEndian.Uint64(events[0]) + 1e9
	var first, last sample
	done := 0
	for done < total {
		for _, raw := range events {
			binary.LittleEndian.PutUint64(raw, binary.LittleEndian.Uint64(raw)+span)
			p.ev.Num++
			if err := p.ev.Decode(raw); err != nil {
				t.Fatal(err)
			}
			p.step(true)
		}
		if done += len(events); first.heap == 0 && done >= total/10 {
			first = take(p)
		}
	}
	last = take(p)
	runtime.KeepAlive(events)
	t.Logf("after %d events: %+v, at the end: %+v", total/10, first, last)
	if last.threads > first.threads+first.threads/10+10 || last.bytes > first.bytes+first.bytes/10+1<<16 {
		t.Errorf("the tables grow from %+v to %+v", first, last)
	}
	if last.heap > first.heap+first.heap/10+2<<20 {
		t.Errorf("the heap grows from %d to %d bytes", first.heap, last.heap)
	}
}

type sample struct {
	threads, fds int
	bytes, heap  int64
}

func take(p *pipeline) sample {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	st := p.state.Stats()
	return sample{st.Threads, st.FDs, st.Bytes, int64(m.HeapAlloc)}
}

// loop returns a pipeline in the state that a capture begins with, and its events.
func loop(t *testing.T, capture string) (*pipeline, [][]byte) {
	t.Helper()
	dir := filepath.Join(sharedtest.Dir(t), "corpus")
	srcs, err := ReadRules(ruleFilesOf(t, dir, "stable_incubating"), false)
	if err != nil {
		t.Fatal(err)
	}
	set, err := LoadRules(config.Default(), srcs, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	opt := Options{Rules: set, Stdout: io.Discard, Log: log}
	outputs, err := openOutputs(config.Default(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeOutputs(outputs, opt) })
	p, err := newPipeline(opt, engine.First, outputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	var events [][]byte
	p.state, events = eventsOf(t, filepath.Join(dir, "captures", capture+".scap"))
	return p, events
}

func eventsOf(t *testing.T, name string) (*state.State, [][]byte) {
	t.Helper()
	var events [][]byte
	st := scaptest.Each(t, name, func(_ *scap.Reader, e *state.Event) {
		events = append(events, bytes.Clone(e.Raw()))
	})
	return st, events
}
