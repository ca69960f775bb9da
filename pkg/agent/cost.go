// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/state"
)

// MeasureRules replays a capture and measures what the rules cost on every n-th
// event. No alert is raised.
func MeasureRules(ctx context.Context, capture string, active []*rules.Rule, mode engine.Matching, n uint64) (engine.Costs, error) {
	f, err := os.Open(capture)
	if err != nil {
		return engine.Costs{}, fmt.Errorf("replay: %w", err)
	}
	defer f.Close()
	src, err := scap.NewReader(f, nil)
	if err != nil {
		return engine.Costs{}, fmt.Errorf("replay %s: %w", capture, err)
	}
	e := engine.New(active, mode)
	e.SampleCosts(n)
	var ev state.Event
	for ctx.Err() == nil {
		err := src.Next(&ev.Event)
		if errors.Is(err, io.EOF) {
			return e.Costs(), nil
		}
		if err != nil {
			return engine.Costs{}, fmt.Errorf("replay %s: %w", capture, err)
		}
		src.State().Update(&ev)
		if src.Shown() {
			e.Process(&ev, func(*rules.Rule) {})
		}
		src.State().Done(&ev)
	}
	return engine.Costs{}, ctx.Err()
}
