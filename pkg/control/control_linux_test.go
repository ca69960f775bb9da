// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// start serves echoes: the answer's error is the request's op, the change its names.
func start(t *testing.T, path string) (s *Server, stop func()) {
	t.Helper()
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(ctx, func(_ context.Context, req *Request) *Response {
			return &Response{Error: req.Op, Change: &Change{Added: req.Names}}
		})
	}()
	return s, func() { cancel(); <-done }
}

func TestCall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "control.sock")
	_, stop := start(t, path)
	ctx := context.Background()
	resp, err := Call(ctx, path, &Request{Command: CommandMask, Names: []string{"read"}})
	if err != nil || resp.Change == nil || cmp.Diff([]string{"read"}, resp.Change.Added) != "" {
		t.Errorf("Call: %+v, %v", resp, err)
	}
	if _, err := Call(ctx, path, &Request{Op: "refused"}); err == nil || err.Error() != "refused" {
		t.Errorf("Call: error %v, want refused", err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %o", name, info.Mode(), err, want)
		}
	}
	if _, err := Listen(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second Listen: %v, want %v", err, ErrInUse)
	}
	stop()
	if _, err := Call(ctx, path, &Request{}); !errors.Is(err, ErrNoAgent) || !strings.Contains(err.Error(), path) {
		t.Errorf("Call without an agent: %v", err)
	}
}

// TestStale: what a killed agent left behind is in nobody's way, but a file of that name is.
func TestStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	_, stop := start(t, path)
	stop()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil {
		t.Error("Listen took a file for a socket")
	}
}

// TestBusy: an agent that more commands wait for than it takes is no dead one.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	for {
		c, err := net.Dial("unix", path)
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if _, err := Listen(path); !errors.Is(err, ErrInUse) {
		t.Errorf("Listen: %v, want %v", err, ErrInUse)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket is gone: %v", err)
	}
}

// TestSilentPeers: who asks nothing takes a place, and gives it up when it goes; the others are served then.
func TestSilentPeers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	_, stop := start(t, path)
	var silent []net.Conn
	for range maxConns {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := Call(context.Background(), path, &Request{Op: "served"})
		answered <- err
	}()
	silent[0].Close()
	if err := <-answered; err == nil || err.Error() != "served" {
		t.Errorf("Call: %v, want it to be served", err)
	}
	for range 2 * maxConns { // more than are taken wait at the end
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	stop()
	for _, c := range silent[1:] {
		c.Close()
	}
}

func TestStrangers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s.peer = func(net.Conn) (uint32, error) { return uint32(os.Geteuid()) + 1000, nil }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(ctx, func(context.Context, *Request) *Response {
			t.Error("a stranger was heard")
			return &Response{}
		})
	}()
	if _, err := Call(ctx, path, &Request{}); err == nil || err.Error() != errNotRoot.Error() {
		t.Errorf("Call: %v, want %v", err, errNotRoot)
	}
	cancel()
	<-done
}

// TestBadRequests: whatever comes is answered with an error, and the end does not wait for who says nothing.
func TestBadRequests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	_, stop := start(t, path)
	for text, why := range map[string]string{
		"nonsense": "invalid character", "{\"command\": 1}\n": "cannot unmarshal", "{\"what\": 1}\n": "unknown field", "[]\n": "cannot unmarshal",
		`{"op": "` + strings.Repeat("x", maxRequest): "it is longer than 65536 bytes", strings.Repeat("[", maxRequest): "exceeded max depth",
	} {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1000)
		if n, err := c.Read(buf); err != nil || !strings.Contains(string(buf[:n]), `"error":"read request: `) || !strings.Contains(string(buf[:n]), why) {
			t.Errorf("%.20q: answer %q, %v; want %q in it", text, buf[:n], err, why)
		}
		c.Close()
	}
	silent, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	stop()
}
