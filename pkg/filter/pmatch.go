// SPDX-License-Identifier: Apache-2.0

package filter

import "strings"

// pathSet is a set of paths to compare part by part. A path that a shorter one
// covers adds nothing.
type pathSet struct {
	all   bool // the empty path is in the set
	exact map[string]*pathSet
	globs []pathGlob
}

type pathGlob struct {
	pattern string
	rest    *pathSet
}

func newPathSet(paths []string) *pathSet {
	s := &pathSet{}
	for _, p := range paths {
		s.add(p)
	}
	return s
}

func (s *pathSet) add(path string) {
	part, rest, ok := nextPart(path)
	if !ok {
		s.all, s.exact, s.globs = true, nil, nil
		return
	}
	if s.all {
		return
	}
	s.next(part).add(rest)
}

func (s *pathSet) next(part string) *pathSet {
	if strings.ContainsAny(part, "?*[") {
		for _, g := range s.globs {
			if g.pattern == part {
				return g.rest
			}
		}
		sub := &pathSet{}
		s.globs = append(s.globs, pathGlob{part, sub})
		return sub
	}
	if s.exact == nil {
		s.exact = map[string]*pathSet{}
	}
	sub := s.exact[part]
	if sub == nil {
		sub = &pathSet{}
		s.exact[part] = sub
	}
	return sub
}

// match tells whether some path of the set begins the given one.
func (s *pathSet) match(path string) bool {
	if s.all {
		return true
	}
	part, rest, ok := nextPart(path)
	if !ok {
		return false
	}
	if sub := s.exact[part]; sub != nil && sub.match(rest) {
		return true
	}
	for i := range s.globs {
		if globMatch(s.globs[i].pattern, part, false) && s.globs[i].rest.match(rest) {
			return true
		}
	}
	return false
}

// nextPart takes the first part that is not empty off a path.
func nextPart(path string) (part, rest string, ok bool) {
	path = strings.TrimLeft(path, "/")
	if path == "" {
		return "", "", false
	}
	part, rest, _ = strings.Cut(path, "/")
	return part, rest, true
}
