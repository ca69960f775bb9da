// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"errors"
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
// bufio.Reader takes.
type inflater struct {
	src   io.Reader
	err   error // why nothing more comes from src
	ahead bytes.Buffer
	z     *gzip.Reader
}

func newInflater(src io.Reader) (*inflater, error) {
	in := &inflater{src: src}
	in.ahead.Grow(2 * (lookAhead + refill)) // half empty it moves down and need not grow
	in.fill()
	z, err := gzip.NewReader(&in.ahead)
	if err != nil {
		return nil, in.cause(err)
	}
	in.z = z
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
	for in.err == nil && in.ahead.Len() < lookAhead {
		in.ahead.Grow(refill)
		room := in.ahead.AvailableBuffer()
		n, err := readSome(in.src, room[:refill])
		in.ahead.Write(room[:n])
		in.err = err
	}
}

// cause tells why the decompressor found the end of its buffer, if it did.
func (in *inflater) cause(err error) error {
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF), errors.Is(in.err, io.EOF):
		return err
	case in.err == nil:
		return errSparse
	}
	return in.err
}
