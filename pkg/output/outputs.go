// SPDX-License-Identifier: Apache-2.0

package output

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Options is what outputs there are and how they write.
type Options struct {
	Encoder  Encoder
	Capacity int          // alerts that may wait in front of each output
	Buffered bool         // gather for up to a second before writing
	Wait     bool         // Send waits for room instead of losing an alert: for what is replayed
	Stdout   io.Writer    // nil = no such output
	File     *FileOptions // nil = no such output
	Syslog   bool
	Program  *ProgramOptions // nil = no such output
	HTTP     *HTTPOptions    // nil = no such output
	Report   func(error)     // told what went wrong, at most once a second for each output; nil = nobody is

	gatherTime, reportTime time.Duration // a second each; tests choose others
	syslog                 [2]string     // network and address; empty = this host's
}

// Outputs is all places that alerts go to.
type Outputs struct {
	encoder  Encoder
	channels []*channel
}

// New opens all outputs; Close ends them.
func New(opt Options) (*Outputs, error) {
	if opt.Capacity < 1 {
		return nil, fmt.Errorf("open outputs: capacity %d", opt.Capacity)
	}
	if opt.Report == nil {
		opt.Report = func(error) {}
	}
	opt.gatherTime = cmp.Or(opt.gatherTime, time.Second)
	opt.reportTime = cmp.Or(opt.reportTime, time.Second)
	o := &Outputs{encoder: opt.Encoder}
	if err := o.open(&opt); err != nil {
		return nil, fmt.Errorf("open outputs: %w", err)
	}
	for _, c := range o.channels {
		go c.run()
	}
	return o, nil
}

// open opens all sinks, or none.
func (o *Outputs) open(opt *Options) (err error) {
	add := func(name string, wanted bool, open func() (sink, error)) {
		if err != nil || !wanted {
			return
		}
		var s sink
		if s, err = open(); err == nil {
			o.channels = append(o.channels, newChannel(name, s, *opt))
		}
	}
	add("stdout", opt.Stdout != nil, func() (sink, error) { return stream{opt.Stdout}, nil })
	add("file", opt.File != nil, func() (sink, error) { return openFile(*opt.File) })
	add("syslog", opt.Syslog, func() (sink, error) { return openSyslog(opt.syslog[0], opt.syslog[1]) })
	add("program", opt.Program != nil, func() (sink, error) { return openProgram(*opt.Program), nil })
	add("http", opt.HTTP != nil, func() (sink, error) { return openHTTP(*opt.HTTP, opt.Encoder.JSON) })
	if err != nil {
		for _, c := range o.channels {
			err = errors.Join(err, c.sink.Close())
		}
	}
	return err
}

// Send hands an alert to all outputs. Without Options.Wait it never waits. Not to be called after Close.
func (o *Outputs) Send(a *Alert) {
	if len(o.channels) == 0 {
		return
	}
	line := o.encoder.Append(make([]byte, 0, 1024), a)
	for _, c := range o.channels {
		if c.ranked {
			c.send(ranked(line, a.Priority))
			continue
		}
		c.send(line)
	}
}

// Reopen lets outputs that write to files open them anew, so that the old ones can be moved away.
func (o *Outputs) Reopen() {
	for _, c := range o.channels {
		c.reopen.Store(true)
	}
}

// Stats is what became of the alerts of one output.
type Stats struct {
	Name string
	Sent uint64 // written
	Lost uint64 // the queue was full, or the place did not take them
}

// Stats counts since New, an entry for each output.
func (o *Outputs) Stats() []Stats {
	var all []Stats
	for _, c := range o.channels {
		all = append(all, Stats{c.name, c.sent.Load(), c.lost.Load()})
	}
	return all
}

// Close writes what waits and closes all outputs. One that still hangs when the context ends is left alone,
// and what waits there is lost.
func (o *Outputs) Close(ctx context.Context) error {
	var errs []error
	for _, c := range o.channels {
		close(c.queue)
	}
	for _, c := range o.channels {
		select {
		case <-c.done:
			errs = append(errs, c.closeErr)
		case <-ctx.Done():
			errs = append(errs, fmt.Errorf("output %s: %d alerts still wait: %w", c.name, len(c.queue), ctx.Err()))
		}
	}
	return errors.Join(errs...)
}
