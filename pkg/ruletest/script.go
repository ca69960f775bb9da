// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Script is a parsed rule script.
type Script struct {
	Name  string
	steps []step
}

// step is one line: a process, an event, or an expectation.
type step struct {
	line   int
	verb   string
	tid    int64
	event  schema.EventType  // verb event
	values map[string]string // verbs process and event
	rules  []string          // verb expect

	file   string          // verb capture, and the rest
	filter *filter.Checked // nil = all
	codes  schema.EventSet // that the filter can hold for
	limit  uint64          // 0 = none
}

// Error is a script that cannot be read or run, or an expectation that does not
// hold.
type Error struct {
	File string
	Line int
	Msg  string

	Missing    []string // rules that were expected and did not match
	Unexpected []Match  // rules that matched and were not expected
}

// Match is a rule that matched.
type Match struct {
	Rule  string
	Line  int    // of the script that brought the event
	Event string // its number and name
}

// Error is the place and what is wrong, and a line for each rule that differs.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: %s", e.File, e.Line, e.Msg)
	for _, name := range e.Missing {
		fmt.Fprintf(&b, "\n  missing:    %s", name)
	}
	for _, m := range e.Unexpected {
		fmt.Fprintf(&b, "\n  unexpected: %s, at line %d, event %s", m.Rule, m.Line, m.Event)
	}
	return b.String()
}

// Parse reads a script.
func Parse(name, text string) (*Script, error) {
	s := &Script{Name: name}
	for i, line := range strings.Split(text, "\n") {
		words, err := split(line)
		if err == nil && len(words) > 0 {
			err = s.add(i+1, words)
		}
		if err != nil {
			return nil, &Error{File: name, Line: i + 1, Msg: err.Error()}
		}
	}
	if len(s.steps) == 0 || s.steps[len(s.steps)-1].verb != "expect" {
		return nil, &Error{File: name, Line: strings.Count(text, "\n") + 1, Msg: "the script does not end with an expect line"}
	}
	return s, nil
}

func (s *Script) add(line int, words []string) error {
	st := step{line: line, verb: words[0]}
	var err error
	switch st.verb {
	case "process":
		err = st.target(words, 2)
	case "event":
		err = st.target(words, 3)
		if err == nil {
			st.event, err = exitEvent(words[2])
		}
	case "expect":
		err = st.expectation(words[1:])
	case "capture":
		err = st.capture(words[1:])
	default:
		err = fmt.Errorf("unknown word %q: want process, event, capture or expect", st.verb)
	}
	s.steps = append(s.steps, st)
	return err
}

// target reads "VERB TID … key=value…" with the first pair at words[pairs].
func (st *step) target(words []string, pairs int) error {
	if len(words) < pairs {
		return fmt.Errorf("%s needs a thread id%s", st.verb, map[int]string{3: " and an event name"}[pairs])
	}
	tid, err := strconv.ParseInt(words[1], 10, 32)
	if err != nil {
		return fmt.Errorf("thread id %q is not a number", words[1])
	}
	st.tid, st.values = tid, map[string]string{}
	for _, w := range words[pairs:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			return fmt.Errorf("%q is not of the form name=value", w)
		}
		if _, twice := st.values[key]; twice {
			return fmt.Errorf("%s is given twice", key)
		}
		st.values[key] = value
	}
	return nil
}

// capture reads "FILE filter=CONDITION limit=NUMBER".
func (st *step) capture(words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("capture needs a file")
	}
	st.file = words[0]
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		var err error
		switch key {
		case "filter":
			err = st.setFilter(value)
		case "limit":
			if st.limit, err = strconv.ParseUint(value, 10, 63); err != nil || st.limit == 0 {
				err = fmt.Errorf("limit is %q: want a number of events", value)
			}
		default:
			err = fmt.Errorf("%q is neither filter=CONDITION nor limit=NUMBER", w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (st *step) setFilter(text string) error {
	n, err := filter.Parse(text, filter.ParseOptions{})
	if err == nil {
		st.filter, _, err = filter.Check(n)
	}
	if err == nil {
		st.codes, _, err = filter.Codes(n)
	}
	if err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	return nil
}

func (st *step) expectation(rules []string) error {
	if len(rules) == 0 {
		return fmt.Errorf("expect needs rule names, or none")
	}
	if len(rules) == 1 && rules[0] == "none" {
		return nil
	}
	st.rules = rules
	return nil
}

// exitEvent is the current event of that name, the one the module produces.
func exitEvent(name string) (schema.EventType, error) {
	for t := len(schema.Events) - 1; t > 1; t-- {
		ev := &schema.Events[t]
		live := ev.Flags&(schema.EFOldVersion|schema.EFUnused) == 0
		if ev.Name == name && live && (ev.IsExit() || ev.Category&schema.ECTracepoint != 0) {
			return schema.EventType(t), nil
		}
	}
	return 0, fmt.Errorf("no event %q: see agent events list", name)
}

// split cuts a line into words at blanks; double quotes keep blanks, # begins a
// comment at the start of a word.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, open := false, false
	flush := func() {
		if open {
			words = append(words, word.String())
		}
		word.Reset()
		open = false
	}
	for _, c := range line {
		switch {
		case c == '"':
			quoted, open = !quoted, true
		case quoted:
			word.WriteRune(c)
		case c == ' ' || c == '\t' || c == '\r':
			flush()
		case c == '#' && !open:
			return words, nil
		default:
			word.WriteRune(c)
			open = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("quote is not closed")
	}
	flush()
	return words, nil
}
