// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// capture feeds the events of a capture to the rules, with the picture of the
// host that the capture holds.
func (r *runner) capture(st *step) error {
	name := st.file
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(r.script.Name), name)
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	defer f.Close()
	src, err := scap.NewReader(f, nil)
	if err != nil {
		return fmt.Errorf("capture %s: %w", name, err)
	}
	own := r.ev
	defer func() { r.ev = own }()
	r.ev = state.Event{}
	if err := r.replay(src, newSieve(st)); err != nil {
		return fmt.Errorf("capture %s: %w", name, err)
	}
	return nil
}

func (r *runner) replay(src *scap.Reader, sieve *sieve) error {
	for !sieve.done() {
		err := src.Next(&r.ev.Event)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		src.State().Update(&r.ev)
		if src.Shown() && sieve.pass(&r.ev) {
			r.judge()
		}
		src.State().Done(&r.ev)
	}
	return nil
}

// sieve lets the events through that a capture line asks for.
type sieve struct {
	compiler *filter.Compiler
	programs map[schema.EventType]*filter.Program // nil = all pass
	limit    uint64                               // 0 = none
	passed   uint64
}

func newSieve(st *step) *sieve {
	s := &sieve{limit: st.limit, compiler: filter.NewCompiler()}
	if st.filter == nil {
		return s
	}
	s.programs = map[schema.EventType]*filter.Program{}
	for t := range st.codes.All() {
		s.programs[t] = s.compiler.Compile(st.filter, t)
	}
	return s
}

func (s *sieve) done() bool { return s.limit > 0 && s.passed >= s.limit }

func (s *sieve) pass(e *state.Event) bool {
	if s.programs != nil {
		s.compiler.Begin()
		if p := s.programs[e.Type]; p == nil || !p.Eval(e) {
			return false
		}
	}
	s.passed++
	return true
}
