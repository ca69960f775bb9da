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
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	maxRequest = 64 << 10 // bytes; all names there are take a tenth of that
	maxAnswer  = 16 << 20 // bytes
	maxConns   = 8        // that are served at once; more wait
	// ioTime bounds how long the other end may take to write or read a message, endTime how long the agent waits for that
	// when it ends.
	ioTime  = 10 * time.Second
	endTime = time.Second
)

// ErrInUse says that another agent listens.
var ErrInUse = errors.New("another agent listens there: give this one a [control] socket of its own")

// errNotRoot is the answer to a stranger.
var errNotRoot = errors.New("only root may talk to the agent")

// Handler answers a request. It may be called by several goroutines at once.
type Handler func(context.Context, *Request) *Response

// Server listens for requests.
type Server struct {
	listener net.Listener
	peer     func(net.Conn) (uid uint32, err error) // who is at the other end
}

// Listen makes the socket, and its folder for nobody but us. A socket that a dead agent left behind is replaced.
func Listen(path string) (*Server, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	l, err := listen(path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return &Server{listener: l, peer: peerUID}, nil
}

// removeStale takes a socket away that nobody answers. Anything but a socket stays.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("there is something else of that name")
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		c.Close()
		return ErrInUse
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	case errors.Is(err, syscall.EAGAIN):
		return ErrInUse // more are waiting for it than it takes
	}
	return err
}

// Serve answers requests until ctx is done; then it takes the socket away and waits for the answers under way.
func (s *Server) Serve(ctx context.Context, handle Handler) {
	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	defer stop()
	defer s.listener.Close()
	slots := make(chan struct{}, maxConns)
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		c, err := s.listener.Accept()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			if err == nil {
				c.Close()
			}
			return
		}
		if err != nil {
			pause(ctx) // out of descriptors, most likely
			continue
		}
		slots <- struct{}{}
		conns.Add(1)
		go func() {
			defer conns.Done()
			defer func() { <-slots }()
			defer c.Close()
			s.serve(ctx, c, handle)
		}()
	}
}

// pause keeps a listener that fails from spinning.
func pause(ctx context.Context) {
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// serve answers one request. A peer that goes away is its own loss.
func (s *Server) serve(ctx context.Context, c net.Conn, handle Handler) {
	// At the end nobody waits for a peer that is slow to ask.
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	resp := &Response{}
	req, err := s.request(c)
	if err != nil {
		resp.Error = err.Error()
	} else {
		resp = handle(ctx, req)
	}
	_ = c.SetWriteDeadline(time.Now().Add(ioTime))
	hurry := context.AfterFunc(ctx, func() { _ = c.SetWriteDeadline(time.Now().Add(endTime)) })
	defer hurry()
	_ = json.NewEncoder(c).Encode(resp)
}

// request reads what the peer asks before it looks who asks: a stranger that still writes would not get to read the answer.
func (s *Server) request(c net.Conn) (*Request, error) {
	if err := c.SetReadDeadline(time.Now().Add(ioTime)); err != nil {
		return nil, err
	}
	rest := &io.LimitedReader{R: c, N: maxRequest}
	d := json.NewDecoder(rest)
	d.DisallowUnknownFields()
	req := &Request{}
	bad := d.Decode(req)
	if bad != nil && rest.N == 0 {
		bad = fmt.Errorf("it is longer than %d bytes", maxRequest)
	}
	uid, err := s.peer(c)
	if err != nil {
		return nil, fmt.Errorf("who is there: %w", err)
	}
	if uid != 0 && int(uid) != os.Geteuid() {
		return nil, errNotRoot
	}
	if bad != nil {
		return nil, fmt.Errorf("read request: %w", bad)
	}
	return req, nil
}
