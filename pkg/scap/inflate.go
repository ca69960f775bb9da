// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Bounds of what waits to be inflated. One call to inflate makes up to 32 KiB, or
// ends a part of the file. No capture takes more than lookAhead for that, not even
// one in which every event was flushed on its own.
const (
	lookAhead = 128 << 10
	refill    = 128 << 10
)

var errSparse = errors.New("too many blocks that hold next to nothing")

// inflater inflates a file. It feeds the decompressor from a bytes.Buffer, for
// which that has a loop of its own: it takes two thirds of the time that a
// bufio.Reader takes. But it takes the end of that for the end of the file, so
// what is written while it is read comes from a bufio.Reader.
type inflater struct {
	src   *bufio.Reader
	err   error         // why nothing more comes from src
	ahead *bytes.Buffer // nil: z reads from src
	z     *gzip.Reader
}

func newInflater(src *bufio.Reader, slow bool) (in *inflater, err error) {
	in = &inflater{src: src}
	if slow {
		in.z, err = gzip.NewReader(src)
	} else {
		in.ahead = new(bytes.Buffer)
		in.ahead.Grow(2 * (lookAhead + refill)) // half empty it moves down and need not grow
		in.fill()
		in.z, err = gzip.NewReader(in.ahead)
	}
	if err != nil {
		return nil, in.cause(err)
	}
	return in, nil
}

// Read is that of io.Reader.
func (in *inflater) Read(p []byte) (int, error) {
	in.fill()
	n, err := in.z.Read(p)
	if err != nil {
		err = in.cause(err)
	}
	return n, err
}

// fill reads until there is enough for the next call.
func (in *inflater) fill() {
	for in.ahead != nil && in.err == nil && in.ahead.Len() < lookAhead {
		in.ahead.Grow(refill)
		room := in.ahead.AvailableBuffer()
		n, err := readSome(in.src, room[:refill])
		in.ahead.Write(room[:n])
		in.err = err
	}
}

// cause tells why the decompressor ended.
func (in *inflater) cause(err error) error {
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case ended && in.err != nil && !errors.Is(in.err, io.EOF):
		return in.err
	case ended && in.err == nil && in.ahead != nil:
		return errSparse
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("compressed data is cut: %w", err)
	case errors.Is(err, gzip.ErrHeader) && in.z != nil:
		return fmt.Errorf("something else stands behind compressed data: %w", err)
	}
	return err
}
