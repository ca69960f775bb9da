// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"maps"

	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

// ask hands a request to the manager's goroutine and waits for the answer.
func (m *manager) ask(ctx context.Context, req *control.Request) *control.Response {
	q := question{req, make(chan *control.Response, 1)}
	select {
	case m.asked <- q:
	case <-ctx.Done():
		return &control.Response{Error: "the agent ends"}
	}
	select {
	case resp := <-q.answer:
		return resp
	case <-ctx.Done():
		return &control.Response{Error: "the agent ends"}
	}
}

func (m *manager) respond(ctx context.Context, req *control.Request) *control.Response {
	resp := &control.Response{}
	var err error
	switch req.Command {
	case control.CommandStatus:
		resp.Status, err = m.tell(ctx)
	case control.CommandExplain:
		if resp.Members, err = m.plan.Explain(req.Names...); err == nil {
			resp.Status, err = m.tell(ctx)
		}
	case control.CommandMask:
		resp.Change, err = m.changeMask(ctx, req)
	case control.CommandReload:
		resp.Change, err = m.loadAnew(ctx, "on request")
	default:
		err = fmt.Errorf("unknown command %q: this agent is of another version", req.Command)
	}
	if err != nil {
		return &control.Response{Error: err.Error()}
	}
	return resp
}

// changeMask does what an operator wants of the selection.
func (m *manager) changeMask(ctx context.Context, req *control.Request) (*control.Change, error) {
	o, err := m.override.With(req.Op, req.Names)
	if err != nil {
		return nil, err
	}
	change, err := m.apply(ctx, next{override: o, off: m.off})
	if err == nil {
		m.log.Infof("mask %s: %d calls added, %d removed", req.Op, len(change.Added), len(change.Removed))
	}
	return change, err
}

// tell is the status with the numbers of this moment.
func (m *manager) tell(ctx context.Context) (*control.Status, error) {
	counters, err := m.session.counters()
	if err != nil {
		return nil, err
	}
	s := m.status
	s.Rules, s.Snaplen, s.Overridden = len(m.set.Active), m.snaplen, !m.override.IsZero()
	s.Governor = m.governs.status(m.set.Active)
	var bytes volume
	err = m.session.do(ctx, func() {
		bytes, s.Events, s.Alerts, s.Time = m.pipe.volume, m.pipe.num, m.pipe.alerts.num, m.pipe.now()
	})
	if err != nil {
		return nil, err
	}
	s.Usage = map[string]control.Usage{}
	for line := range counters {
		if counters[line].Recorded == 0 && bytes[line] == 0 {
			continue
		}
		name := LineName(line, schema.HostArch())
		u := s.Usage[name]
		u.Records += counters[line].Recorded
		u.Bytes += bytes[line]
		s.Usage[name] = u
	}
	s.OnlyRule, err = onlyRules(m.plan)
	return &s, err
}

// onlyRules are the calls that a single rule keeps on.
func onlyRules(plan *selection.Plan) (map[string]string, error) {
	members, err := plan.Explain()
	if err != nil {
		return nil, err
	}
	only := map[string]string{}
	for i := range members {
		if members[i].Selected && members[i].OnlyRule != "" {
			only[members[i].Name] = members[i].OnlyRule
		}
	}
	return maps.Clone(only), nil
}
