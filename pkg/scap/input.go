// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

const (
	startBuffer = 256 << 10
	readAhead   = 64 << 10 // of compressed bytes
)

// input gives views over the uncompressed bytes of a file. Its buffer grows with
// what was really read, never with what a length says.
type input struct {
	src        io.Reader
	buf        []byte
	start, end int   // the bytes of buf that were read and not taken
	off        int64 // of buf[start] in the uncompressed file
	err        error // why nothing more comes
	packed     bool  // the file is compressed
}

func newInput(r io.Reader) (*input, error) {
	src := bufio.NewReaderSize(r, readAhead)
	in := &input{src: src, buf: make([]byte, startBuffer)}
	magic, err := src.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := newInflater(src, waits(r))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotCapture, err)
		}
		in.src, in.packed = z, true
	}
	return in, nil
}

// waits tells whether src is written while it is read, as a pipe or a socket:
// its reader wants to have each event when it comes.
func waits(src io.Reader) bool {
	f, ok := src.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && !info.Mode().IsRegular()
}

// peek returns the next n bytes without taking them. They are valid until the
// next call. With an error it returns what there is.
func (in *input) peek(n int) ([]byte, error) {
	for in.end-in.start < n {
		if in.err != nil {
			return in.buf[in.start:in.end], in.err
		}
		if in.start+n > len(in.buf) {
			in.makeRoom()
		}
		in.fill()
	}
	return in.buf[in.start : in.start+n], nil
}

// makeRoom moves what is left to the front; a buffer that is full of it doubles.
func (in *input) makeRoom() {
	buf := in.buf
	if in.end-in.start > len(buf)/2 {
		buf = make([]byte, 2*len(buf))
	}
	in.end = copy(buf, in.buf[in.start:in.end])
	in.buf, in.start = buf, 0
}

func (in *input) fill() {
	n, err := readSome(in.src, in.buf[in.end:])
	in.end, in.err = in.end+n, err
}

// readSome reads once, and again as long as there is neither byte nor error.
func readSome(src io.Reader, p []byte) (int, error) {
	const patience = 100
	for range patience {
		if n, err := src.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// take gives up n bytes that were peeked at.
func (in *input) take(n int) {
	in.start += n
	in.off += int64(n)
}
