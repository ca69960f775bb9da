// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// diffRule is a condition with all its forms.
type diffRule struct {
	text string
	node Node
	ck   *Checked
	set  schema.EventSet
}

// passing returns the conditions that parse and check.
func passing(conditions []string) []diffRule {
	var out []diffRule
	for _, text := range conditions {
		n, err := Parse(text, ParseOptions{MaxDepth: RuleDepth})
		if err != nil {
			continue
		}
		if ck, _, err := Check(n); err == nil {
			set, _, _ := Codes(n)
			out = append(out, diffRule{text, n, ck, set})
		}
	}
	return out
}

// counter counts how often each node runs in one event.
type counter struct {
	c    *Compiler
	runs []int
}

func newCounter(c *Compiler) *counter {
	k := &counter{c, make([]int, len(c.list))}
	for i, n := range c.list {
		if run := n.run; run != nil {
			n.run = func(e *state.Event) bool { k.runs[i]++; return run(e) }
		}
	}
	return k
}

// check fails when a node ran twice, and starts anew.
func (k *counter) check(t *testing.T) {
	t.Helper()
	for i, n := range k.runs {
		if n > 1 {
			t.Fatalf("node %d (kind %d) ran %d times for one event", i, k.c.list[i].kind, n)
		}
	}
	clear(k.runs)
}

// checkAgree holds programs and reference against each other on one stream. It
// returns how many conditions passed the check.
func checkAgree(t *testing.T, seed uint64, conditions []string, events int) int {
	t.Helper()
	list := passing(conditions)
	c := NewCompiler()
	switches := map[schema.EventType]*Switch{}
	for _, typ := range streamTypes {
		programs := make([]*Program, len(list))
		for i, r := range list {
			programs[i] = c.Compile(r.ck, typ)
		}
		switches[typ] = c.NewSwitch(programs)
	}
	c.seal()
	runs := newCounter(c)
	s := newStream(t, seed)
	found := make([]bool, len(list))
	for range events {
		typ := s.next()
		e, sw := s.h.Event(), switches[typ]
		clear(found)
		sw.Begin(e)
		for i := sw.Next(); i >= 0; i = sw.Next() {
			found[i] = sw.programs[i].Eval(e)
		}
		runs.check(t)
		for i, r := range list {
			want := refEval(r.node, e)
			if found[i] != want {
				t.Fatalf("seed %d, event %d %s: %s\ngot %v, want %v", seed, e.Num, typ.Info().Code, r.text, found[i], want)
			}
			// What Codes leaves out must not match.
			if want && !r.set.Has(typ) && !typ.Info().IsGeneric() {
				t.Fatalf("%s holds for %s, which Codes leaves out", r.text, typ.Info().Code)
			}
		}
		s.h.Done()
	}
	return len(list)
}

func TestProgramsAgreeWithReference(t *testing.T) {
	total := 0
	for seed := range uint64(20) {
		total += checkAgree(t, seed, newGen(seed, 2).conditions(40, 3), 300)
	}
	if total < 400 {
		t.Errorf("only %d of 800 conditions passed the check", total)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("proc.name = cat or fd.types in (file)", uint64(1))
	f.Add("evt.type in (open, openat) and not evt.arg.flags contains O_RDONLY", uint64(2))
	f.Add(`len(fd.types) > 1 and concat(proc.name, "x") = tolower(proc.cmdline)`, uint64(3))
	f.Add("fd.net != 10.0.0.0/8 and fd.port in (80, https)", uint64(4))
	f.Add("proc.aname in (cat, bash) and not user.name = root and proc.pname startswith c", uint64(5))
	f.Add("proc.cmdline glob ********************x or fd.name pmatch (/********************x)", uint64(6))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		n, err := Parse(text, ParseOptions{})
		if err != nil {
			return
		}
		if _, _, err := Check(n); err != nil {
			return
		}
		if _, _, err := Codes(n); err != nil {
			t.Fatalf("Check passes, Codes does not: %v", err)
		}
		if refKnows(n) {
			conditions := append(newGen(seed, 3).conditions(6, 2), text, "not ("+text+")", "proc.name = cat and "+text)
			checkAgree(t, seed, conditions, 40)
		}
	})
}

// refKnows leaves out what the reference does otherwise on purpose: bracket
// expressions, getopt, numbers that do not fit, and names of services.
func refKnows(n Node) bool {
	s := n.String()
	return !strings.Contains(s, "[") && !strings.Contains(s, "getopt") && !strings.Contains(s, "port") && !strings.Contains(s, "proto") && len(s) < 400 && !strings.ContainsAny(s, "\\")
}
