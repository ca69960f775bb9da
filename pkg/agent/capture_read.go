// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/state"
)

// ReadCapture calls show for every event of a capture that is to be seen and for
// which the condition holds, in order. Damage is an error after all events before
// it. An error of show ends it.
func ReadCapture(ctx context.Context, src io.Reader, condition *Matcher, show func(*state.Event) error) error {
	r, err := scap.NewReader(src, nil)
	if err != nil {
		return err
	}
	var ev state.Event
	for ctx.Err() == nil {
		err := r.Next(&ev.Event)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		st := r.State()
		st.Update(&ev)
		if r.Shown() && condition.Match(&ev) {
			err = show(&ev)
		}
		st.Done(&ev)
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// progressEvery is the time between two looks at the progress.
const progressEvery = 100 * time.Millisecond

// Progress is a file that tells on a terminal how much of it has been read.
type Progress struct {
	io.Reader
	terminal io.Writer
	size     int64
	n        int64
	percent  int64
	next     time.Time
}

// NewProgress returns a reader of size bytes that tells of itself.
func NewProgress(r io.Reader, size int64, terminal io.Writer) *Progress {
	return &Progress{Reader: r, terminal: terminal, size: size, percent: -1}
}

func (p *Progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.n += int64(n)
	if now := time.Now(); p.size > 0 && now.After(p.next) {
		p.next = now.Add(progressEvery)
		p.tell()
	}
	return n, err
}

// tell writes the line anew, when it has changed. What others write to the
// terminal goes over it.
func (p *Progress) tell() {
	if percent := min(100*p.n/p.size, 100); percent != p.percent {
		p.percent = percent
		fmt.Fprintf(p.terminal, "\r%3d %% read\r", percent)
	}
}

// Clear takes the line away.
func (p *Progress) Clear() {
	if p.percent >= 0 {
		fmt.Fprint(p.terminal, "\r          \r")
	}
}
