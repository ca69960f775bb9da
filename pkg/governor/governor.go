// SPDX-License-Identifier: Apache-2.0

package governor

import (
	"slices"

	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Config is the budget, and how long to be patient.
type Config struct {
	CPUPercent float64 // of one CPU that the agent may take; 0 = as much as it likes
	Hold       int     // quiet periods before one thing is taken back; at least 1
}

// Sample is what happened in one period.
type Sample struct {
	Lost       uint64  // events that were selected and not recorded
	CPUPercent float64 // of one CPU that the agent took
	Calls      []Call  // that are recorded and may be switched off
}

// Call is a candidate.
type Call struct {
	SC     schema.SC
	Events uint64           // of the period: recorded or lost
	Rules  []rules.Priority // of the rules that cannot match on it without it
}

// Kind says what a Step does.
type Kind uint8

// Kinds of steps.
const (
	None    Kind = iota
	Shorten      // keep less of data buffers
	Off          // stop recording a call
	On           // record it again
	Restore      // keep as much of data buffers as before
)

// Step is one thing to do.
type Step struct {
	Kind Kind
	SC   schema.SC // of Off and On
}

const (
	// quiet is the part of the CPU budget below which things are taken back: above, one more would be too much.
	quiet = 0.7
	// worth is the least part of all events that makes a call worth switching off.
	worth = 0.02
	// maxBackoff bounds how much longer a call stays off that had to go again right after it came back.
	maxBackoff = 16
)

// Governor gives up one thing a period while the budget is overrun, and takes it back in reverse.
type Governor struct {
	config  Config
	steps   []Step // what is given up, in order
	calm    int    // quiet periods in a row
	backoff int    // that many holds before the next thing is taken back
	trial   int    // periods since something was taken back; 0: nothing on trial
}

// New returns a governor that has given up nothing.
func New(c Config) *Governor {
	c.Hold = max(c.Hold, 1)
	return &Governor{config: c, backoff: 1}
}

// Tick judges one period and returns what to do.
func (g *Governor) Tick(s Sample) Step {
	if g.trial > 0 {
		g.trial++
	}
	switch {
	case g.over(s):
		g.calm = 0
		if g.trial > 0 {
			g.backoff = min(2*g.backoff, maxBackoff) // it was too early
			g.trial = 0
		}
		return g.giveUp(s)
	case !g.quiet(s):
		g.calm = 0
		return Step{}
	}
	g.calm++
	if g.trial > 2*g.config.Hold {
		g.trial, g.backoff = 0, 1 // it went well
	}
	if len(g.steps) == 0 || g.calm < g.config.Hold*g.backoff {
		return Step{}
	}
	return g.takeBack()
}

func (g *Governor) over(s Sample) bool {
	return s.Lost > 0 || g.config.CPUPercent > 0 && s.CPUPercent > g.config.CPUPercent
}

func (g *Governor) quiet(s Sample) bool {
	return g.config.CPUPercent == 0 || s.CPUPercent < quiet*g.config.CPUPercent
}

// giveUp shortens first, then switches off the call that brings the most events for the least coverage.
func (g *Governor) giveUp(s Sample) Step {
	if len(g.steps) == 0 {
		return g.did(Step{Kind: Shorten})
	}
	var total uint64
	for i := range s.Calls {
		total += s.Calls[i].Events
	}
	best, bestScore := -1, 0.0
	for i := range s.Calls {
		c := &s.Calls[i]
		if float64(c.Events) < worth*float64(total) {
			continue
		}
		if score := float64(c.Events) / c.weight(); score > bestScore {
			best, bestScore = i, score
		}
	}
	if best < 0 {
		return Step{} // nothing left that would help
	}
	return g.did(Step{Kind: Off, SC: s.Calls[best].SC})
}

// weight grows with the rules that need the call: an Emergency counts eight times a Debug. A call that no rule needs is the first to go.
func (c *Call) weight() float64 {
	sum := 0.25
	for _, p := range c.Rules {
		sum += float64(rules.Debug-min(p, rules.Debug)) + 1
	}
	return sum
}

func (g *Governor) did(s Step) Step {
	g.steps = append(g.steps, s)
	return s
}

// takeBack undoes the last step.
func (g *Governor) takeBack() Step {
	last := g.steps[len(g.steps)-1]
	g.steps = g.steps[:len(g.steps)-1]
	g.calm, g.trial = 0, 1
	if last.Kind == Shorten {
		return Step{Kind: Restore}
	}
	return Step{Kind: On, SC: last.SC}
}

// Off returns the calls that are switched off, in the order in which they went.
func (g *Governor) Off() []schema.SC {
	var off []schema.SC
	for _, s := range g.steps {
		if s.Kind == Off {
			off = append(off, s.SC)
		}
	}
	return off
}

// Short tells whether data buffers are shortened.
func (g *Governor) Short() bool {
	return slices.ContainsFunc(g.steps, func(s Step) bool { return s.Kind == Shorten })
}
