// SPDX-License-Identifier: Apache-2.0

package state

import "github.com/eyas-security/eyas/pkg/event"

// unknownDir stands for a directory descriptor that is not known.
const unknownDir = "<UNKNOWN>"

// text is what a path may come as: the event's bytes or a string kept.
type text interface{ ~string | ~[]byte }

// AppendClean appends path without empty parts, "." and "..", by its text alone;
// a relative one is taken from dir. The result has no slash at its end, except
// the root itself.
func AppendClean[D, P text](dst []byte, dir D, path P) []byte {
	base := len(dst)
	if !isAbs(path) {
		dst = appendParts(dst, base, dir)
	}
	return appendParts(dst, base, path)
}

func isAbs[P text](p P) bool { return len(p) > 0 && p[0] == '/' }

// appendParts adds the parts of p to the clean path dst[base:].
func appendParts[P text](dst []byte, base int, p P) []byte {
	if isAbs(p) && len(dst) == base {
		dst = append(dst, '/')
	}
	for i := 0; i < len(p); {
		end := i
		for end < len(p) && p[end] != '/' {
			end++
		}
		dst = appendPart(dst, base, p[i:end])
		i = end + 1
	}
	return dst
}

func appendPart[P text](dst []byte, base int, part P) []byte {
	switch {
	case len(part) == 0, len(part) == 1 && part[0] == '.':
		return dst
	case len(part) == 2 && part[0] == '.' && part[1] == '.':
		if up, ok := parent(dst, base); ok {
			return up
		}
	}
	if len(dst) > base && dst[len(dst)-1] != '/' {
		dst = append(dst, '/')
	}
	return append(dst, part...)
}

// parent cuts the last part of dst[base:]. False when there is none to cut: at
// the start of a relative path, and after a ".." that had to stay.
func parent(dst []byte, base int) ([]byte, bool) {
	p := dst[base:]
	if len(p) == 0 {
		return dst, false
	}
	if len(p) == 1 && p[0] == '/' {
		return dst, true
	}
	i := len(p) - 1
	for i >= 0 && p[i] != '/' {
		i--
	}
	switch {
	case string(p[i+1:]) == "..":
		return dst, false
	case i < 0:
		return dst[:base], true
	case i == 0:
		return dst[:base+1], true
	}
	return dst[:base+i], true
}

// DirOf returns the directory that dirfd stands for, without slash at its end
// unless it is the root; empty when the working directory is not known.
func (t *Thread) DirOf(dirfd int64) string {
	if dirfd == event.AtFDCWD {
		return t.Cwd
	}
	if f := t.FD(dirfd); f != nil {
		return f.Name
	}
	return unknownDir
}

// AppendParam appends the absolute form of the path in parameter i; false when
// the event carries none.
func (e *Event) AppendParam(dst []byte, i int) ([]byte, bool) {
	b, ok := e.Str(i)
	if !ok {
		return dst, false
	}
	dirfd := int64(event.AtFDCWD)
	if d := e.Info().Params[i].DirFD; d >= 0 {
		setInt(e, int(d), &dirfd)
	}
	return e.Thread.AppendPath(dst, dirfd, b), true
}

// AppendPath appends the absolute form of a path argument. Nothing is looked up
// in the file system.
func (t *Thread) AppendPath(dst []byte, dirfd int64, path []byte) []byte {
	if isAbs(path) {
		return AppendClean(dst, "", path)
	}
	return AppendClean(dst, t.DirOf(dirfd), path)
}
