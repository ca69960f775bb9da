// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
)

// ErrNoAgent says that nobody listens.
var ErrNoAgent = errors.New("no agent answers")

// Call asks the agent that listens at path. What the agent refuses is an error too.
func Call(ctx context.Context, path string, req *Request) (*Response, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s: %w (%w)", path, errNotRoot, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w at %s: is 'agent run' running, with [control] enabled and this socket? (%w)", ErrNoAgent, path, err)
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	if err := json.NewEncoder(c).Encode(req); err != nil {
		return nil, fmt.Errorf("ask the agent: %w", err)
	}
	resp := &Response{}
	if err := json.NewDecoder(io.LimitReader(c, maxAnswer)).Decode(resp); err != nil {
		return nil, fmt.Errorf("read the agent's answer: %w", errors.Join(ctx.Err(), err))
	}
	if resp.Error != "" {
		return nil, errors.New(resp.Error)
	}
	return resp, nil
}
