// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"os"
)

// A stream is a sink that was open before us and stays so.
type stream struct{ io.Writer }

func (stream) Reopen() error { return nil }
func (stream) Close() error  { return nil }

// FileOptions says which file and how.
type FileOptions struct {
	Name      string
	KeepAlive bool // stays open between writes
}

// A file is appended to.
type file struct {
	FileOptions
	open *os.File // nil = closed
}

// openFile opens the file once even if it is not kept open, so that what cannot be opened is known at the start.
func openFile(opt FileOptions) (*file, error) {
	f := &file{FileOptions: opt}
	if err := f.ensure(); err != nil {
		return nil, err
	}
	if !opt.KeepAlive {
		return f, f.Close()
	}
	return f, nil
}

func (f *file) ensure() (err error) {
	if f.open == nil {
		f.open, err = os.OpenFile(f.Name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	}
	return err
}

func (f *file) Write(lines []byte) (int, error) {
	if err := f.ensure(); err != nil {
		return 0, err
	}
	n, err := f.open.Write(lines)
	if !f.KeepAlive {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close %s: %w", f.Name, cerr)
		}
	}
	return n, err
}

func (f *file) Reopen() error {
	if err := f.Close(); err != nil {
		return err
	}
	if !f.KeepAlive {
		return nil
	}
	return f.ensure()
}

func (f *file) Close() error {
	if f.open == nil {
		return nil
	}
	err := f.open.Close()
	f.open = nil
	return err
}
