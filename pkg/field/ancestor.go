// SPDX-License-Identifier: Apache-2.0

package field

import (
	"fmt"
	"strconv"

	"github.com/eyas-security/eyas/pkg/state"
)

func bindLevel(r *Ref, arg string) (pick, error) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 0 {
		return nil, fmt.Errorf("field %s: %q is no level of ancestors (0 is the process, 1 its parent)", r.Name, arg)
	}
	r.Match = MatchOne
	return func(e *state.Event) *state.Thread {
		if t := known(e); t != nil {
			return t.Ancestor(n)
		}
		return nil
	}, nil
}

func bindAncestorStr(get func(*state.Thread) string) func(*Ref, string) error {
	return func(r *Ref, arg string) error {
		who, err := bindLevel(r, arg)
		r.Extract, r.Print = strOf(who, get), nil
		return err
	}
}

func bindAncestorInt(get func(*state.Thread) int64) func(*Ref, string) error {
	return func(r *Ref, arg string) error {
		who, err := bindLevel(r, arg)
		r.Extract, r.Print = intOf(who, get), nil
		return err
	}
}

func bindAncestorAppend(get func(*state.Thread, []byte) []byte) func(*Ref, string) error {
	return func(r *Ref, arg string) error {
		who, err := bindLevel(r, arg)
		r.Extract, r.Print = appendOf(who, get), nil
		return err
	}
}

// ancestorsOf lists a value of every ancestor, from the parent upwards.
func ancestorsOf(set func(*state.Thread, *Value)) Extract {
	return func(e *state.Event, v *Value) bool {
		v.Reset()
		t := known(e)
		if t == nil {
			return false
		}
		for a, n := t.Ancestor(1), 0; a != nil && n < maxLevels; a, n = a.Ancestor(1), n+1 {
			set(a, v.Next())
		}
		return len(v.List) > 0
	}
}

// maxLevels bounds a walk to the root.
const maxLevels = 1 << 12

func eachStr(get func(*state.Thread) string) Extract {
	return ancestorsOf(func(t *state.Thread, v *Value) { v.S = get(t) })
}

func eachInt(get func(*state.Thread) int64) Extract {
	return ancestorsOf(func(t *state.Thread, v *Value) { v.setInt(get(t)) })
}

func eachAppend(get func(*state.Thread, []byte) []byte) Extract {
	return ancestorsOf(func(t *state.Thread, v *Value) { v.setScratch(get(t, v.scratch())) })
}

// joined makes one text of the values of all ancestors. There is no value when
// none of them has any.
func joined(get func(*state.Thread, []byte) []byte) Extract {
	return func(e *state.Event, v *Value) bool {
		t := known(e)
		if t == nil || t.Ancestor(1) == nil {
			return false
		}
		dst := v.scratch()
		for a, n := t.Ancestor(1), 0; a != nil && n < maxLevels; a, n = a.Ancestor(1), n+1 {
			if len(dst) > 0 {
				dst = append(dst, ' ')
			}
			dst = get(a, dst)
		}
		v.setScratch(dst)
		return len(dst) > 0
	}
}

func joinedStr(get func(*state.Thread) string) Extract {
	return joined(func(t *state.Thread, dst []byte) []byte { return append(dst, get(t)...) })
}

// maxEnvLevels is how many processes proc.aenv[NAME] looks at.
const maxEnvLevels = 20

func bindAncestorEnv(r *Ref, arg string) error {
	if _, err := strconv.Atoi(arg); err == nil {
		who, err := bindLevel(r, arg)
		r.Print = nil
		r.Extract = func(e *state.Event, v *Value) bool {
			if known(e) == nil {
				return false
			}
			v.S = ""
			t := who(e)
			if t != nil {
				v.setScratch(t.AppendEnv(v.scratch()))
			}
			return t != nil || e.Thread.PID <= 0 // of which nothing is known has an empty one
		}
		return err
	}
	r.Match, r.Print = MatchOne, nil
	r.Extract = func(e *state.Event, v *Value) bool {
		t := known(e)
		if t == nil {
			return false
		}
		v.S = ""
		for a, n := t.Ancestor(1), 0; a != nil && n < maxEnvLevels && v.S == ""; a, n = a.Ancestor(1), n+1 {
			v.S, _ = a.Getenv(arg)
		}
		return true
	}
	return nil
}
