// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Source is a capture that is read.
type Source struct {
	Idle func() // called before each read, which may have to wait; nil: nobody

	in       io.Reader
	close    func() error
	terminal io.Writer // is told how much has been read; nil: nobody
	size, n  int64     // bytes, of all and read
	percent  int64     // that the terminal was told, -1 = nothing
	next     time.Time // to tell it again
}

// OpenCapture opens a capture; - is the standard input. A terminal is told how
// much of a file has been read; it may be nil.
func OpenCapture(name string, stdin io.Reader, terminal io.Writer) (*Source, error) {
	if name == "-" {
		return &Source{in: stdin, close: func() error { return nil }}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	s := &Source{in: f, close: f.Close}
	if info.Mode().IsRegular() {
		s.follow(info.Size(), terminal)
	}
	return s, nil
}

// follow has the terminal told how much of size bytes has been read.
func (s *Source) follow(size int64, terminal io.Writer) {
	s.size, s.terminal, s.percent = size, terminal, -1
}

// Stat tells whether it is a file or something that may have to be waited for.
func (s *Source) Stat() (fs.FileInfo, error) {
	if f, ok := s.in.(*os.File); ok {
		return f.Stat()
	}
	return nil, fs.ErrInvalid
}

// Read is that of io.Reader.
func (s *Source) Read(b []byte) (int, error) {
	if s.Idle != nil {
		s.Idle()
	}
	n, err := s.in.Read(b)
	s.n += int64(n)
	if s.terminal != nil && s.size > 0 {
		s.tell(time.Now())
	}
	return n, err
}

// progressEvery is the time between two looks at the progress.
const progressEvery = 100 * time.Millisecond

// tell writes the line anew, when it has changed. What others write to the
// terminal goes over it.
func (s *Source) tell(now time.Time) {
	if now.Before(s.next) {
		return
	}
	s.next = now.Add(progressEvery)
	if percent := min(100*s.n/s.size, 100); percent != s.percent {
		s.percent = percent
		fmt.Fprintf(s.terminal, "\r%3d %% read\r", percent)
	}
}

// Close closes the file, and takes the line from the terminal.
func (s *Source) Close() error {
	if s.terminal != nil && s.percent >= 0 {
		fmt.Fprint(s.terminal, "\r          \r")
	}
	return s.close()
}
