// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/birth"
	"github.com/eyas-security/eyas/pkg/internal/nearest"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// firstTime is the time of a script's first event; each further one is a
// millisecond later.
const (
	firstTime = 1_700_000_000_000_000_000
	tick      = 1_000_000
)

// runner is a small host: state and rules, fed from a script.
type runner struct {
	script *Script
	names  map[string]bool // of the rules
	state  *state.State
	engine *engine.Engine
	ev     state.Event
	buf    []byte
	num    uint64
	now    uint64
	line   int // of the step that runs
	fired  map[string]Match
	stats  Stats
}

// Stats is what a script did.
type Stats struct {
	Events uint64          // that rules saw
	Fired  map[string]bool // rules that matched and were expected to
}

// Run feeds the script to the rules and returns what differs from its
// expectations, one *Error per expect line, or the first line that cannot be
// run.
func Run(s *Script, active []*rules.Rule) (Stats, []*Error) {
	r := &runner{
		script: s, state: state.New(state.Options{}), engine: engine.New(active, engine.All),
		now: firstTime, fired: map[string]Match{}, names: map[string]bool{},
		stats: Stats{Fired: map[string]bool{}},
	}
	for _, rule := range active {
		r.names[rule.Name] = true
	}
	var errs []*Error
	for i := range s.steps {
		st := &s.steps[i]
		r.line = st.line
		if st.verb == "expect" {
			if e := r.expect(st); e != nil {
				errs = append(errs, e)
			}
			continue
		}
		if err := r.step(st); err != nil {
			return r.stats, append(errs, &Error{File: s.Name, Line: st.line, Msg: err.Error()})
		}
	}
	return r.stats, errs
}

func (r *runner) step(st *step) error {
	switch st.verb {
	case "process":
		return r.process(st)
	case "capture":
		return r.capture(st)
	}
	return r.feed(st.event, st.tid, st.values, true)
}

// process tells the state of a process by the events of its birth.
func (r *runner) process(st *step) error {
	pid := strconv.FormatInt(st.tid, 10)
	v := map[string]string{
		"res": "0", "tid": pid, "pid": pid, "ptid": "1", "vtid": pid, "vpid": pid,
		"comm": "init", "exe": "init", "cwd": "/", "uid": "0", "gid": "0", "flags": "0", "fdlimit": "1024",
	}
	rename := map[string]string{"parent": "ptid", "exepath": "trusted_exepath"}
	for key, value := range st.values {
		if to, ok := rename[key]; ok {
			key = to
		}
		v[key] = value
	}
	if _, ok := st.values["exe"]; !ok {
		v["exe"] = v["comm"]
	}
	clone, exec := birth.Events(v)
	if err := r.feed(schema.EvSyscallClone20X, st.tid, clone, false); err != nil {
		return err
	}
	exec["tty"] = cmp.Or(st.values["tty"], "0")
	exec["filename"] = v["trusted_exepath"]
	return r.feed(schema.EvSyscallExecve19X, st.tid, exec, false)
}

func (r *runner) feed(t schema.EventType, tid int64, values map[string]string, judged bool) error {
	var err error
	r.buf, err = event.Encode(r.buf[:0], t, r.now, tid, values)
	if err != nil {
		return err
	}
	if err := r.ev.Decode(r.buf); err != nil {
		return fmt.Errorf("encode %s: %w", t.Info().Name, err)
	}
	r.num++
	r.now += tick
	r.ev.Num = r.num
	r.state.Update(&r.ev)
	if judged {
		r.judge()
	}
	r.state.Done(&r.ev)
	return nil
}

// judge shows the event to the rules.
func (r *runner) judge() {
	r.stats.Events++
	r.engine.Process(&r.ev, func(rule *rules.Rule) {
		if _, ok := r.fired[rule.Name]; !ok {
			r.fired[rule.Name] = Match{rule.Name, r.line, fmt.Sprintf("%d %s", r.ev.Num, r.ev.Info().Name)}
		}
	})
}

// expect compares the rules that matched since the last time.
func (r *runner) expect(st *step) *Error {
	e := &Error{File: r.script.Name, Line: st.line, Msg: "the rules that matched differ"}
	for _, name := range st.rules {
		if _, ok := r.fired[name]; !ok {
			e.Missing = append(e.Missing, r.named(name))
			continue
		}
		r.stats.Fired[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(r.fired)) {
		if !slices.Contains(st.rules, name) {
			e.Unexpected = append(e.Unexpected, r.fired[name])
		}
	}
	clear(r.fired)
	if len(e.Missing)+len(e.Unexpected) == 0 {
		return nil
	}
	return e
}

// named is the name of a rule that did not match, with a word on why it could
// not.
func (r *runner) named(name string) string {
	if r.names[name] {
		return name
	}
	if near := nearest.To(name, slices.Sorted(maps.Keys(r.names))); near != "" {
		return fmt.Sprintf("%s (there is no such rule; did you mean %s?)", name, near)
	}
	return name + " (there is no such rule, or it is off)"
}
