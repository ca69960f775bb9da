// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// maxWrite bounds how much is gathered for one write.
const maxWrite = 64 << 10

var errFull = errors.New("queue is full")

// A sink is a place that takes lines: an io.Writer any number of them, a lineSink
// one. Only the goroutine of its channel calls it.
type sink interface {
	Reopen() error // at once, for a sink that nothing can be moved away from
	Close() error
}

type lineSink interface {
	sink
	WriteLine(line []byte) error // all of it or nothing
}

// A channel is a queue and the goroutine that empties it into a sink.
type channel struct {
	name     string
	sink     sink
	ranked   bool // lines begin with the digit of their priority
	queue    chan []byte
	gather   time.Duration // how long to wait for more; 0 = not at all
	wait     bool          // send waits for room
	reopen   atomic.Bool
	sent     atomic.Uint64
	lost     atomic.Uint64
	losses   losses
	torn     bool // the sink took half a line
	done     chan struct{}
	closeErr error
}

func newChannel(name string, to sink, opt Options) *channel {
	c := &channel{name: name, sink: to, wait: opt.Wait, queue: make(chan []byte, opt.Capacity), done: make(chan struct{})}
	c.losses.every = opt.reportTime
	c.losses.tell = func(n uint64, err error) {
		opt.Report(fmt.Errorf("output %s: %w; alerts lost: %d", name, err, n))
	}
	_, c.ranked = to.(*logger)
	if opt.Buffered {
		c.gather = opt.gatherTime
	}
	return c
}

func (c *channel) send(line []byte) {
	if c.wait {
		c.queue <- line
		return
	}
	select {
	case c.queue <- line:
	default:
		c.lose(1, errFull)
	}
}

func (c *channel) lose(n uint64, err error) {
	c.lost.Add(n)
	c.losses.add(n, err)
}

func (c *channel) run() {
	defer close(c.done)
	buf := make([]byte, 0, maxWrite)
	for line := range c.queue {
		if c.reopen.Swap(false) {
			if err := c.sink.Reopen(); err != nil {
				c.losses.add(0, err)
			}
		}
		buf = append(buf[:0], line...)
		buf, n := c.more(buf)
		switch s := c.sink.(type) {
		case lineSink:
			c.writeEach(s, buf)
		case io.Writer:
			c.write(s, buf, n)
		}
	}
	c.closeErr = c.sink.Close()
	c.losses.flush()
}

// More gathers lines that wait, and with buffering those that come within the time, as long as they fit one write.
// It returns how many lines there are.
func (c *channel) more(buf []byte) ([]byte, uint64) {
	n := uint64(1)
	var timeout <-chan time.Time
	if c.gather > 0 {
		timer := time.NewTimer(c.gather)
		defer timer.Stop()
		timeout = timer.C
	}
	for len(buf) < maxWrite/2 {
		line, ok := c.next(timeout)
		if !ok {
			break
		}
		buf = append(buf, line...)
		n++
	}
	return buf, n
}

// next takes a line that waits; with a timeout also one that comes in time.
func (c *channel) next(timeout <-chan time.Time) ([]byte, bool) {
	if timeout == nil {
		select {
		case line, ok := <-c.queue:
			return line, ok
		default:
			return nil, false
		}
	}
	select {
	case line, ok := <-c.queue:
		return line, ok
	case <-timeout:
		return nil, false
	}
}

func (c *channel) writeEach(s lineSink, lines []byte) {
	for line := range bytes.Lines(lines) {
		if err := s.WriteLine(line); err != nil {
			c.lose(1, err)
			continue
		}
		c.sent.Add(1)
	}
}

// Write counts the lines that arrived whole. After half a line the next write begins a new one.
func (c *channel) write(w io.Writer, lines []byte, n uint64) {
	if c.torn {
		if _, err := w.Write([]byte{'\n'}); err != nil {
			c.lose(n, err)
			return
		}
		c.torn = false
	}
	took, err := w.Write(lines)
	if err == nil {
		c.sent.Add(n)
		return
	}
	whole := uint64(bytes.Count(lines[:took], []byte{'\n'}))
	c.sent.Add(whole)
	c.torn = took > 0 && lines[took-1] != '\n'
	c.lose(n-whole, err)
}

// Losses gathers what is to be told, so that it is told now and then instead of each time.
type losses struct {
	every time.Duration
	tell  func(n uint64, err error)

	mu    sync.Mutex // guards the rest
	n     uint64
	err   error // the latest; nil = nothing to tell
	timer *time.Timer
}

func (l *losses) add(n uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n += n
	if l.err == nil {
		l.timer = time.AfterFunc(l.every, l.flush)
	}
	l.err = err
}

func (l *losses) flush() {
	l.mu.Lock()
	n, err := l.n, l.err
	if l.timer != nil {
		l.timer.Stop()
	}
	l.n, l.err, l.timer = 0, nil, nil
	l.mu.Unlock()
	if err != nil {
		l.tell(n, err)
	}
}
