// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/state"
)

// replayFile takes a capture to alerts. What it knows of users, processes and
// descriptors is what the capture says, never what this host has.
func replayFile(ctx context.Context, opt Options, mode engine.Matching, outputs *output.Outputs) error {
	src, err := OpenCapture(opt.Capture, opt.Stdin, opt.Terminal)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	opt.Proc, opt.Etc = "", ""
	p, err := newPipeline(opt, mode, outputs, nil)
	if err != nil {
		return errors.Join(err, src.Close())
	}
	if err = p.replay(ctx, src); err != nil {
		err = fmt.Errorf("replay %s: %w", opt.Capture, err)
	}
	return errors.Join(err, src.Close())
}

// statsCheck is after how many events a replay looks at the clock.
const statsCheck = 4096

// replay runs until the end of the capture. Damage in it is an error after the
// alerts of all events before it.
func (p *pipeline) replay(ctx context.Context, src io.Reader) error {
	bounds := p.bounds
	r, err := scap.NewReader(src, func() *state.State { return state.New(bounds) })
	if err != nil {
		return err
	}
	p.flights.machine = r.Machine
	defer func() {
		p.tellEvictions(time.Now())
		p.flights.tell(time.Now())
		p.lastStats(time.Now(), ring.Counts{})
		st := p.state.Stats()
		fields := logrus.Fields{"events": p.num, "alerts": p.alerts.num}
		addStateFields(fields, &st)
		p.flights.close(fields)
		p.log.WithFields(fields).Debug("replayed")
	}()
	for ctx.Err() == nil {
		err := r.Next(&p.ev.Event)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p.num, p.state = p.ev.Num, r.State()
		if p.num%statsCheck == 0 {
			if now := time.Now(); p.stats.due(now) {
				p.tellStats(now, ring.Counts{})
			}
		}
		p.step(r.Shown())
	}
	return nil
}
