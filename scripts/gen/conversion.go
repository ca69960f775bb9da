// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type rawConversion struct {
	Rule []rawRule `toml:"rule"`
}

// rawRule says what becomes of an event with so many parameters.
type rawRule struct {
	Event  string   `toml:"event"`
	Params int      `toml:"params"`
	Action string   `toml:"action"`
	To     string   `toml:"to"`
	Values []string `toml:"values"`
}

// actions are the words of conversion.toml and their Go names.
var actions = map[string]string{
	"pass": "ConvPass", "store": "ConvStore", "store_and_pass": "ConvStoreAndPass", "append": "ConvAppend", "become": "ConvBecome",
}

// fits tells whether a rule has the keys that its action wants. An event may
// become one without parameters.
func (r rawRule) fits() bool {
	switch r.Action {
	case "append":
		return r.To == "" && len(r.Values) > 0
	case "become":
		return r.To != ""
	}
	return r.To == "" && len(r.Values) == 0
}

// convValue is one parsed value: FROM, FROM:INDEX, enter:INDEX:ELSE, custom:NAME.
type convValue struct {
	from  string // Go name
	param int
	empty bool // without an enter event nothing, instead of the default
}

var convSources = map[string]string{"empty": "ConvEmpty", "default": "ConvDefault", "old": "ConvOld", "enter": "ConvEnter"}

var convCustoms = map[string]string{"custom:container_json": "ConvContainerJSON"}

func parseConvValue(text string) (convValue, error) {
	if name, ok := convCustoms[text]; ok {
		return convValue{from: name}, nil
	}
	parts := strings.Split(text, ":")
	v := convValue{from: convSources[parts[0]]}
	want := map[string]int{"empty": 1, "default": 1, "old": 2, "enter": 3}[parts[0]]
	if want == 0 || len(parts) != want {
		return v, fmt.Errorf("bad value %q", text)
	}
	if want > 1 {
		n, err := strconv.ParseUint(parts[1], 10, 5)
		if err != nil {
			return v, fmt.Errorf("bad value %q: %w", text, err)
		}
		v.param = int(n)
	}
	if want == 3 {
		v.empty = parts[2] == "empty"
		if !v.empty && parts[2] != "default" {
			return v, fmt.Errorf("bad value %q: want default or empty at the end", text)
		}
	}
	return v, nil
}

func (raw *rawSchema) formatConversion() output {
	src := raw.src["conversion.toml"]
	numbers := map[string]int{}
	for _, e := range raw.events.Event {
		numbers[e.Code] = e.Number
	}
	b := head(src)
	sorted(b, src, "rule", 1, raw.conversion.Rule, func(r rawRule) int { return numbers[r.Event]*(maxParams+1) + r.Params }, func(r rawRule) []kv {
		return []kv{str("event", r.Event), num("params", r.Params), str("action", r.Action), str("to", r.To), list("values", r.Values, strconv.Quote)}
	})
	return done("conversion.toml", b, src)
}

// eventOf finds an event by its code.
func (t *table) eventOf(code string) *event {
	i := slices.IndexFunc(t.events, func(e *event) bool { return e.Code == code })
	if i < 0 {
		return nil
	}
	return t.events[i]
}

func (t *table) checkConversion() {
	const file = "conversion.toml"
	type key struct {
		event  string
		params int
	}
	seen := map[key]bool{}
	for i, pos := range t.raw.src[file].blocks[0].array("rule") {
		r := t.raw.conversion.Rule[i]
		e := t.eventOf(r.Event)
		if e == nil || actions[r.Action] == "" {
			t.errorf(file, pos.line, "unknown event %q or action %q", r.Event, r.Action)
			continue
		}
		if k := (key{r.Event, r.Params}); seen[k] {
			t.errorf(file, pos.line, "%s with %d parameters is there twice", r.Event, r.Params)
		} else {
			seen[k] = true
		}
		if !e.has("converter_managed") || r.Params < 0 || r.Params > len(e.Params) {
			t.errorf(file, pos.line, "%s: not converter_managed, or it never has %d parameters", r.Event, r.Params)
		}
		t.checkValues(pos.line, r, e)
	}
}

func (t *table) checkValues(line int, r rawRule, e *event) {
	const file = "conversion.toml"
	to, have := e, r.Params
	if r.Action == "become" {
		to, have = t.eventOf(r.To), 0
	}
	if to == nil || !r.fits() {
		t.errorf(file, line, "%s: %s wants other keys", r.Event, r.Action)
		return
	}
	if have+len(r.Values) > len(to.Params) {
		t.errorf(file, line, "%s: %d parameters, %s has %d", r.Event, have+len(r.Values), to.Code, len(to.Params))
	}
	for _, text := range r.Values {
		v, err := parseConvValue(text)
		if err != nil {
			t.errorf(file, line, "%s: %v", r.Event, err)
		}
		outside := v.from == "ConvOld" && v.param >= r.Params
		if v.from == "ConvEnter" {
			outside = e.Number&1 == 0 || v.param >= len(t.events[e.Number-1].Params)
		}
		if outside {
			t.errorf(file, line, "%s: %q is no parameter", r.Event, text)
		}
	}
}

func goConversion(w *writer, t *table, ids *idents) {
	w.f("// conversions is the table of conversions, sorted by type and number of parameters.\nvar conversions = [...]Conversion{\n")
	for _, r := range t.raw.conversion.Rule {
		w.f("{Type: %s, NumParams: %d, Action: %s", ids.event[t.eventOf(r.Event).Number], r.Params, actions[r.Action])
		if r.To != "" {
			w.f(", To: %s", ids.event[t.eventOf(r.To).Number])
		}
		if len(r.Values) > 0 {
			w.f(", Values: []ConvValue{")
			for _, text := range r.Values {
				v, _ := parseConvValue(text) // has been checked
				w.f("{From: %s", v.from)
				if v.param > 0 {
					w.f(", Param: %d", v.param)
				}
				if v.empty {
					w.f(", OrEmpty: true")
				}
				w.f("}, ")
			}
			w.f("}")
		}
		w.f("},\n")
	}
	w.f("}\n")
}
