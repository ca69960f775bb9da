// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/ringtest"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

const secretRule = `
- rule: Secret read
  desc: a file that only one process of each life opens
  condition: evt.type = openat and evt.is_open_read = true and fd.name glob "/srv/secret.*"
  output: file=%fd.name cmdline=%proc.cmdline exe=%proc.exepath parent=%proc.pname pid=%proc.pid cwd=%proc.cwd
  priority: WARNING
`

// life is the events of one process: born, started, a relative open, an exit.
// Everything in it is named after the process, so that a mixed-up or overwritten
// text shows.
func life(t *testing.T, cpu, n int) [][]byte {
	pid := 1000 + cpu*1_000_000 + n
	id := strconv.Itoa(pid)
	parent := strconv.Itoa(100 + cpu)
	encode := func(typ schema.EventType, values map[string]string) []byte {
		raw, err := event.Encode(nil, typ, 0, int64(pid), values)
		if err != nil {
			t.Error(err)
		}
		return raw
	}
	return [][]byte{
		encode(schema.EvSyscallClone20X, map[string]string{"res": "0", "tid": id, "pid": id, "ptid": parent,
			"comm": "parent" + parent, "exe": "parent", "cwd": "/srv/", "flags": "0", "uid": "0", "gid": "0", "vtid": id, "vpid": id}),
		encode(schema.EvSyscallExecve19X, map[string]string{"res": "0", "tid": id, "pid": id, "ptid": parent,
			"comm": "prog" + id, "exe": "prog" + id, "args": "first-" + id + " second", "cwd": "/srv/",
			"trusted_exepath": "/usr/bin/prog" + id, "uid": "0", "gid": "0", "flags": "0"}),
		encode(schema.EvSyscallOpenat_2_X, map[string]string{"fd": "3", "dirfd": "-100", "name": "secret." + id, "flags": "O_RDONLY", "mode": "0"}),
		encode(schema.EvSyscallReadX, map[string]string{"res": "5", "data": "hello", "fd": "3", "size": "5"}),
		encode(schema.EvProcexit1E, map[string]string{"status": "0", "ret": "0", "sig": "0", "core": "0", "reaper_tid": "0"}),
	}
}

// TestPoisonedRings runs the whole pipeline beside producers that write at the
// same time, with every byte of the rings overwritten as soon as it is given
// back: nothing may be kept that is only borrowed. To be run under the race
// detector.
func TestPoisonedRings(t *testing.T) {
	const cpus, lives = 3, 400
	var clock atomic.Uint64
	clock.Store(1_700_000_000_000_000_000)
	now := func() uint64 { return clock.Add(1000) }
	reader := ring.NewReader(func() uint64 { return clock.Load() + 10_000_000 })
	reader.Poison = true
	var writers sync.WaitGroup
	var running atomic.Int32
	for cpu := range cpus {
		p := ringtest.New(1 << 20)
		p.Clock = now
		c, err := ring.NewCPU(cpu, mapping(p))
		if err != nil {
			t.Fatal(err)
		}
		if err := reader.AddCPU(c); err != nil {
			t.Fatal(err)
		}
		writers.Add(1)
		running.Add(1)
		go func() {
			defer writers.Done()
			defer running.Add(-1)
			produce(t, p, cpu, lives)
		}()
	}
	p, alerts := testPipeline(t, now)
	for running.Load() > 0 || !reader.Empty() {
		if _, err := reader.Batch(p.record); err != nil {
			t.Fatal(err)
		}
	}
	writers.Wait()
	if stats := reader.Stats(); stats.Lost.Sum()+stats.SeqGaps > 0 || len(stats.Corrupt) > 0 || p.undecodable > 0 {
		t.Errorf("reader: %+v, %d undecodable", stats, p.undecodable)
	}
	checkAlerts(t, alerts(), cpus*lives)
	if n := p.state.NumThreads(); n > cpus {
		t.Errorf("%d threads are left of processes that all exited, want at most %d parents", n, cpus)
	}
}

func mapping(p *ringtest.Producer) ring.Mapping {
	reader, producer, data := p.Pages()
	return ring.Mapping{Reader: reader, Producer: producer, Data: data}
}

// produce writes the lives one after the other and waits where the ring is full.
func produce(t *testing.T, p *ringtest.Producer, cpu, lives int) {
	for n := range lives {
		for _, raw := range life(t, cpu, n) {
			for p.Head()-p.Tail() > 512<<10 {
				runtime.Gosched()
			}
			if !p.Put(ringtest.Record{Event: raw}) {
				t.Error("the ring is full")
				return
			}
		}
	}
}

// testPipeline is a pipeline with one rule; alerts ends its output and returns it.
func testPipeline(t *testing.T, now func() uint64) (p *pipeline, alerts func() []byte) {
	t.Helper()
	cfg := config.Default()
	cfg.JSONOutput = true
	cfg.OutputsQueue.Capacity = 1 << 16
	set, err := LoadRules(cfg, []rules.Source{{Name: "secret.yaml", Text: []byte(secretRule)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	var out bytes.Buffer
	opt := Options{Rules: set, Stdout: &out, Log: log}
	outputs, err := openOutputs(cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	p, err = newPipeline(opt, engine.First, outputs, now)
	if err != nil {
		t.Fatal(err)
	}
	return p, func() []byte {
		if err := outputs.Close(context.Background()); err != nil {
			t.Error(err)
		}
		return out.Bytes()
	}
}

func checkAlerts(t *testing.T, lines []byte, want int) {
	t.Helper()
	seen := map[float64]bool{}
	for _, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
		var alert struct {
			Fields map[string]any `json:"output_fields"`
		}
		if err := json.Unmarshal(line, &alert); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		pid, _ := alert.Fields["proc.pid"].(float64)
		id := strconv.Itoa(int(pid))
		seen[pid] = true
		for name, value := range map[string]string{
			"fd.name": "/srv/secret." + id, "proc.cmdline": fmt.Sprintf("prog%s first-%s second", id, id),
			"proc.exepath": "/usr/bin/prog" + id, "proc.cwd": "/srv/",
		} {
			if got := alert.Fields[name]; got != value {
				t.Errorf("pid %s: %s is %v, want %s", id, name, got, value)
			}
		}
	}
	if len(seen) != want {
		t.Errorf("alerts of %d processes, want %d; the last: %s", len(seen), want, lastLine(lines))
	}
}

func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}
