// SPDX-License-Identifier: Apache-2.0

package field

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/eyas-security/eyas/pkg/internal/nearest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Extract takes the value of a field from an event. False: it has none. What v
// then holds is undefined.
type Extract func(e *state.Event, v *Value) bool

// ArgMode says what may stand after the name of a field.
type ArgMode uint8

const (
	ArgRequired ArgMode = 1 << iota // otherwise the name may stand alone
	ArgIndex                        // [number]
	ArgKey                          // [text]
	ArgDot                          // .text
)

// Flags are properties of a field.
type Flags uint8

const (
	NoRHS         Flags = 1 << iota // not on the right side of a test
	NoTransformer                   // not inside a transformer
	FilterOnly                      // prints nothing of use
	PrintOnly                       // compares with nothing of use
	Deprecated                      // will go
	Suggested                       // worth adding to every output
	TimeOfEvent                     // JSON shows evt.rawtime for it
	Hidden                          // left out of lists
)

// Deps are the things a value depends on; what does not change with the event
// can be kept.
type Deps uint8

const (
	DepEvent     Deps = 1 << iota // the event itself
	DepExecImage                  // what exec sets: exe, args, environment
	DepCreds                      // user and group ids, capabilities; not the names of users
	DepAncestry                   // the processes above
	DepGroup                      // session, process group, siblings
	DepFDs                        // open descriptors
	DepClock                      // the time
	DepThread                     // anything else of the thread: cwd, cgroups …
)

// Match says how a test treats a field that has several values at once.
type Match uint8

const (
	MatchOne    Match = iota // one value, or a list compared as a list
	MatchAny                 // List: the test holds when it holds for some element
	MatchEnd                 // as MatchAny, but != wants it of every element
	MatchWithin              // a distance: = holds up to the number, and is all that may be asked
)

// Field is one row of the registry.
type Field struct {
	Name, Class, Desc string
	Type              schema.ParamType
	List              bool
	Format            schema.Format
	Arg               ArgMode
	Flags             Flags
	Deps              Deps
	Match             Match

	get    Extract
	print  Extract                        // what outputs show, where that is something else
	byType func(*schema.Event) Decision   // what the event type decides by itself
	bind   func(r *Ref, arg string) error // for fields with an argument
	setup  func(r *Ref)                   // for what is found out once
}

// Ref is a field with its argument, ready for use.
type Ref struct {
	*Field
	Text   string // as written
	Arg    string
	HasArg bool
	Type   schema.ParamType // of the field, or of the parameter that the argument names
	Format schema.Format
	Match  Match

	Extract Extract
	Print   Extract // the value that outputs show
	byType  func(*schema.Event) Decision
	typeAt  func(*state.Event) Type
}

// Decision is what an event type alone says about the value of a field.
type Decision struct {
	Known   bool // it decides the value
	Present bool // there is one: Value
	Value   Value

	Extract Extract          // with Known false: how to take it
	Type    schema.ParamType // of the value
	Own     bool             // Extract is for this event type alone
}

// Varies tells whether At may say more than r itself.
func (r *Ref) Varies() bool { return r.byType != nil }

// At specialises r for one event type.
func (r *Ref) At(t schema.EventType) Decision {
	d := Decision{}
	if info := t.Info(); r.byType != nil && info != nil {
		d = r.byType(info)
	}
	d.Own = d.Extract != nil
	if !d.Own {
		d.Extract, d.Type = r.Extract, r.Type
	}
	return d
}

// UnknownError says that a field does not exist.
type UnknownError struct {
	Name       string
	Reason     string // why a text that begins like a field is none
	Suggestion string
}

func (e *UnknownError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "unknown field %s", e.Name)
	if e.Reason != "" {
		fmt.Fprintf(&b, ": %s", e.Reason)
	}
	if e.Suggestion != "" {
		fmt.Fprintf(&b, " (did you mean %s?)", e.Suggestion)
	}
	return b.String()
}

// All returns every field, in the order of the classes. The result must not be
// changed.
func All() []*Field { return registry().all }

// classes are searched in this order.
func classes() [][]Field {
	return [][]Field{
		genericFields, eventFields, procFields, userFields, groupFields, fdFields, fsFields, utilFields, fdListFields,
		containerFields, k8sFields, goneFields, metaFields,
	}
}

// Lookup resolves the text of a field with its argument: "proc.aname[2]".
func Lookup(text string) (Ref, error) {
	name, arg, hasArg := text, "", false
	if i := strings.IndexByte(text, '['); i >= 0 && strings.HasSuffix(text, "]") {
		name, arg, hasArg = text[:i], text[i+1:len(text)-1], true
	}
	return Bind(name, arg, hasArg)
}

// Bind resolves a field name and the text between the brackets after it.
func Bind(name, arg string, hasArg bool) (Ref, error) {
	f := find(name)
	if f == nil {
		return Ref{}, &UnknownError{Name: name, Suggestion: suggest(name)}
	}
	rest := name[len(f.Name):]
	text := name
	if hasArg {
		text = name + "[" + arg + "]"
	}
	r := Ref{
		Field: f, Text: text, Arg: arg, HasArg: hasArg, Type: f.Type, Format: f.Format,
		Match: f.Match, Extract: f.get, Print: f.print, byType: f.byType,
	}
	if err := r.bindArg(rest); err != nil {
		return Ref{}, err
	}
	if r.Print == nil {
		r.Print = r.Extract
	}
	return r, nil
}

// bindArg takes what follows the declared name: a dotted argument or nothing.
func (r *Ref) bindArg(rest string) error {
	f := r.Field
	dotted := f.Arg&ArgDot != 0
	switch {
	case rest != "" && (!dotted || rest[0] != '.' || len(rest) == 1):
		return &UnknownError{Name: r.Text, Suggestion: suggest(f.Name + rest)}
	case rest != "" && r.HasArg:
		return &UnknownError{Name: r.Text, Reason: "two arguments"}
	case rest != "":
		r.Arg = rest[1:]
	case r.HasArg && f.Arg&(ArgIndex|ArgKey) == 0:
		return &UnknownError{Name: r.Text, Reason: f.Name + " takes no argument in brackets"}
	case !r.HasArg && f.Arg&ArgRequired != 0:
		return fmt.Errorf("field %s needs an argument: %s", f.Name, f.Usage())
	case !r.HasArg:
		if f.setup != nil {
			f.setup(r)
		}
		return nil
	}
	return f.bind(r, r.Arg)
}

// Usage shows how the field is written.
func (f *Field) Usage() string {
	forms := []string{}
	if f.Arg&ArgRequired == 0 {
		forms = append(forms, f.Name)
	}
	if f.Arg&ArgDot != 0 {
		forms = append(forms, f.Name+".<name>")
	}
	if f.Arg&ArgIndex != 0 {
		forms = append(forms, f.Name+"[<number>]")
	}
	if f.Arg&ArgKey != 0 {
		forms = append(forms, f.Name+"[<key>]")
	}
	return strings.Join(forms, " or ")
}

// Exists tells whether text is a field with a good argument.
func Exists(text string) bool {
	_, ok := Resolve(text)
	return ok
}

// Resolve is Lookup for texts that need not be fields: it is cheaper when they
// are none, and does not say why. A field has a dot.
func Resolve(text string) (Ref, bool) {
	if strings.IndexByte(text, '.') < 0 {
		return Ref{}, false
	}
	name, _, _ := strings.Cut(text, "[")
	f := find(name)
	if f == nil || len(f.Name) < len(name) && f.Arg&ArgDot == 0 {
		return Ref{}, false
	}
	r, err := Lookup(text)
	return r, err == nil
}

// index finds fields by name.
type index struct {
	all     []*Field
	byName  map[string]*Field
	longest int // name
}

var registry = sync.OnceValue(func() index {
	x := index{byName: map[string]*Field{}}
	for _, class := range classes() {
		for i := range class {
			f := &class[i]
			x.all, x.byName[f.Name] = append(x.all, f), f
			x.longest = max(x.longest, len(f.Name))
		}
	}
	return x
})

// find returns the field that text begins with: the one with the longest name.
// The language wants that of the first class that has one; no class has a name
// that begins one of another.
func find(text string) *Field {
	x := registry()
	for n := min(len(text), x.longest); n > 0; n-- {
		if f := x.byName[text[:n]]; f != nil {
			return f
		}
	}
	return nil
}

// suggest returns a name that is close to the text.
func suggest(text string) string {
	var names []string
	for _, f := range All() {
		if f.Flags&(Deprecated|Hidden) == 0 {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	if s := nearest.To(text, names); s != text {
		return s
	}
	return ""
}
