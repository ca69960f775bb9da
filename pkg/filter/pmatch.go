// SPDX-License-Identifier: Apache-2.0

package filter

import "strings"

// pathSet is a set of paths to compare part by part. Each belongs to a test, by
// its number.
type pathSet struct {
	tests []int32 // whose path ends here
	exact map[string]*pathSet
	globs []pathGlob
}

type pathGlob struct {
	pattern string
	rest    *pathSet
}

func (s *pathSet) add(path string, test int32) {
	part, rest, ok := nextPart(path)
	if !ok {
		s.tests = append(s.tests, test)
		return
	}
	s.next(part).add(rest, test)
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

// walk calls found with the tests of every path of the set that begins the given
// one, until it returns true, and tells whether it did.
func (s *pathSet) walk(path string, found func(tests []int32) bool) bool {
	if len(s.tests) > 0 && found(s.tests) {
		return true
	}
	part, rest, ok := nextPart(path)
	if !ok {
		return false
	}
	if sub := s.exact[part]; sub != nil && sub.walk(rest, found) {
		return true
	}
	for i := range s.globs {
		if globMatch(s.globs[i].pattern, part, false) && s.globs[i].rest.walk(rest, found) {
			return true
		}
	}
	return false
}

// match tells whether some path of the set begins the given one.
func (s *pathSet) match(path string) bool {
	return s.walk(path, func([]int32) bool { return true })
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
