// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"fmt"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Override is what an operator changed while the agent runs. It is laid over whatever the rules and the configuration
// select, until it is taken back.
type Override struct {
	exact  bool         // set stands for the whole selection
	set    schema.SCSet // with exact
	add    schema.SCSet
	remove schema.SCSet
}

// OverrideOps are the operations of With.
var OverrideOps = []string{"set", "add", "remove", "reset"}

// With returns the override after one more operation: set makes the names the whole set, add and remove change it by
// them, reset takes all back.
func (o Override) With(op string, names []string) (Override, error) {
	var set schema.SCSet
	for _, name := range names {
		scs, err := callsNamed(name)
		if err != nil {
			return o, err
		}
		set = set.Union(scs)
	}
	if op != "reset" && set.IsEmpty() {
		return o, fmt.Errorf("mask %s: no names", op)
	}
	switch op {
	case "set":
		return Override{exact: true, set: set}, nil
	case "add":
		o.add, o.remove = o.add.Union(set), o.remove.Minus(set)
	case "remove":
		if set.Has(schema.SCSchedProcessExit) {
			return o, fmt.Errorf("%s cannot be removed: the end of a process is in every set", Names(schema.SCsOf(schema.SCSchedProcessExit))[0])
		}
		o.add, o.remove = o.add.Minus(set), o.remove.Union(set)
	case "reset":
		return Override{}, nil
	default:
		return o, fmt.Errorf("unknown operation %q: want set, add, remove or reset", op)
	}
	return o, nil
}

// IsZero tells whether nothing is overridden.
func (o Override) IsZero() bool { return o == Override{} }

func (o Override) apply(selected schema.SCSet) schema.SCSet {
	if o.exact {
		selected = o.set
	}
	return selected.Union(o.add).Minus(o.remove)
}

// wanted is what the operator asks for by name.
func (o Override) wanted() schema.SCSet { return o.set.Union(o.add).Minus(o.remove) }

// overlay applies what changed at run time: the operator first, then the governor.
func (p *Plan) overlay(in Input, selected schema.SCSet) schema.SCSet {
	after := in.Override.apply(selected)
	p.Operator = selected.Minus(after)
	p.Off = after.Intersect(in.Off)
	return after.Minus(in.Off)
}

// Switchable is what may be switched off for a while: what is selected, but not for the state's sake.
func (p *Plan) Switchable() schema.SCSet {
	set := p.Selected.Minus(schema.StateSCs(p.Arch)).Minus(p.Repaired)
	set.Del(schema.SCSchedProcessExit)
	return set
}

// callsNamed resolves the name of an event or a system call.
func callsNamed(name string) (schema.SCSet, error) {
	scs := schema.EventNamesToSCs([]string{name})
	if sc, ok := schema.SCByName(name); ok {
		scs.Add(sc) // its event may have another name
	}
	if scs.IsEmpty() {
		return scs, newUnknownCallError(name)
	}
	return scs, nil
}
