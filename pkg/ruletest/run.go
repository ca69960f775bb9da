// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/event"
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
	state  *state.State
	engine *engine.Engine
	ev     state.Event
	buf    []byte
	num    uint64
	now    uint64
	fired  map[string]bool
}

// Run feeds the script to the rules and returns what differs from its
// expectations, one *Error per expect line, or the first line that cannot be
// run.
func Run(s *Script, active []*rules.Rule) []*Error {
	r := &runner{
		script: s, state: state.New(state.Options{}), engine: engine.New(active, engine.All),
		now: firstTime, fired: map[string]bool{},
	}
	var errs []*Error
	for i := range s.steps {
		st := &s.steps[i]
		if st.verb == "expect" {
			if e := r.expect(st); e != nil {
				errs = append(errs, e)
			}
			continue
		}
		if err := r.step(st); err != nil {
			return append(errs, &Error{s.Name, st.line, err.Error()})
		}
	}
	return errs
}

func (r *runner) step(st *step) error {
	if st.verb == "process" {
		return r.process(st)
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
	child := only(v, schema.EvSyscallClone20X)
	child["flags"] = "0"
	if err := r.feed(schema.EvSyscallClone20X, st.tid, child, false); err != nil {
		return err
	}
	v["tty"] = orZero(st.values["tty"])
	v["filename"] = v["trusted_exepath"]
	delete(v, "vtid")
	delete(v, "vpid")
	return r.feed(schema.EvSyscallExecve19X, st.tid, v, false)
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// only keeps the values that the event has a parameter for.
func only(v map[string]string, t schema.EventType) map[string]string {
	out := maps.Clone(v)
	for key := range out {
		if t.Info().ParamIndex(key) < 0 {
			delete(out, key)
		}
	}
	return out
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
		r.engine.Process(&r.ev, func(rule *rules.Rule) { r.fired[rule.Name] = true })
	}
	r.state.Done(&r.ev)
	return nil
}

func (r *runner) expect(st *step) *Error {
	got := slices.Sorted(maps.Keys(r.fired))
	want := slices.Clone(st.rules)
	slices.Sort(want)
	clear(r.fired)
	if slices.Equal(got, want) {
		return nil
	}
	return &Error{r.script.Name, st.line, fmt.Sprintf("rules that matched: %s, want: %s", list(got), list(want))}
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprintf("%q", names)
}
