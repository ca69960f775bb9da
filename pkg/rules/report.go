// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"github.com/eyas-security/eyas/pkg/filter"
)

// Code is an error or warning code that scripts may rely on.
type Code string

// Errors: the file is not loaded.
const (
	ErrFileRead         Code = "LOAD_ERR_FILE_READ"
	ErrYAMLParse        Code = "LOAD_ERR_YAML_PARSE"
	ErrYAMLValidate     Code = "LOAD_ERR_YAML_VALIDATE"
	ErrCompileCondition Code = "LOAD_ERR_COMPILE_CONDITION"
	ErrCompileOutput    Code = "LOAD_ERR_COMPILE_OUTPUT"
	ErrValidate         Code = "LOAD_ERR_VALIDATE"
)

// Warnings: the file is loaded.
const (
	WarnUnknownSource    Code = "LOAD_UNKNOWN_SOURCE"
	WarnUnsafeNACheck    Code = "LOAD_UNSAFE_NA_CHECK"
	WarnNoEventType      Code = "LOAD_NO_EVTTYPE"
	WarnUnknownFilter    Code = "LOAD_UNKNOWN_FILTER"
	WarnUnusedMacro      Code = "LOAD_UNUSED_MACRO"
	WarnUnusedList       Code = "LOAD_UNUSED_LIST"
	WarnUnknownItem      Code = "LOAD_UNKNOWN_ITEM"
	WarnDeprecatedItem   Code = "LOAD_DEPRECATED_ITEM"
	WarnAppendNoValues   Code = "LOAD_APPEND_NO_VALUES"
	WarnExceptionName    Code = "LOAD_EXCEPTION_NAME_NOT_UNIQUE"
	WarnInvalidMacroName Code = "LOAD_INVALID_MACRO_NAME"
	WarnInvalidListName  Code = "LOAD_INVALID_LIST_NAME"
	WarnCompileCondition Code = "LOAD_COMPILE_CONDITION"
	WarnUnknownKey       Code = "LOAD_UNKNOWN_KEY"
)

var codeTexts = map[Code]string{
	ErrFileRead:          "file cannot be read",
	ErrYAMLParse:         "text is not YAML",
	ErrYAMLValidate:      "item has the wrong shape",
	ErrCompileCondition:  "condition does not compile",
	ErrCompileOutput:     "output does not compile",
	ErrValidate:          "definition is not valid",
	WarnUnknownSource:    "rule is for an event source that is not loaded, it is skipped",
	WarnUnsafeNACheck:    "comparison with <NA> is never true, use exists",
	WarnNoEventType:      "condition names no event type and is evaluated on nearly every event",
	WarnUnknownFilter:    "condition names an unknown field and the rule asks to be skipped then",
	WarnUnusedMacro:      "macro is not used by any rule or macro",
	WarnUnusedList:       "list is not used by any rule, macro or list",
	WarnUnknownItem:      "item is of an unknown kind and ignored",
	WarnDeprecatedItem:   "form is deprecated",
	WarnAppendNoValues:   "appended exception brings no values",
	WarnExceptionName:    "exception name is used more than once in one rule",
	WarnInvalidMacroName: "macro name cannot be referred to in a condition",
	WarnInvalidListName:  "list name cannot be referred to in a condition",
	WarnCompileCondition: "condition compiles, but may not mean what it says",
	WarnUnknownKey:       "key is unknown and ignored",
}

// MaxErrors bounds how many errors one file reports.
const MaxErrors = 20

// Report is what loading found, one result per file in load order.
type Report struct {
	Results []*Result `json:"falco_load_results"`

	unchecked []string // files behind one that cannot be read
}

// OK reports whether every file is valid; warnings are allowed.
func (r *Report) OK() bool {
	for _, f := range r.Results {
		if !f.Successful {
			return false
		}
	}
	return true
}

// Err is nil, or a one-line summary of what is invalid.
func (r *Report) Err() error {
	for _, f := range r.Results {
		if !f.Successful {
			return fmt.Errorf("%s is not valid: %s", f.Name, f.Errors[0].Message)
		}
	}
	return nil
}

// Result is what loading found in one file.
type Result struct {
	Name       string    `json:"name"`
	Successful bool      `json:"successful"`
	Errors     []Problem `json:"errors"`
	Warnings   []Problem `json:"warnings"`

	omitted int
	warned  map[string]bool
	told    map[string]bool // errors, of all files of a load
}

// Problem is one error or warning.
type Problem struct {
	Code     Code    `json:"code"`
	CodeDesc string  `json:"codedesc"`
	Message  string  `json:"message"`
	Context  Context `json:"context"`

	DeprecatedField string `json:"deprecated_field,omitempty"`

	at      point
	excerpt filter.Excerpt
	first   bool // it comes before all that are not
}

// Context says where a problem is.
type Context struct {
	Locations []Location `json:"locations"`
	Snippet   string     `json:"snippet"`
}

// Location is one item a problem belongs to.
type Location struct {
	ItemType string       `json:"item_type"`
	ItemName string       `json:"item_name"`
	Position LocationSpot `json:"position"`
}

// LocationSpot is a place in a file; offset is in bytes from 0.
type LocationSpot struct {
	Name   string `json:"name"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Offset int    `json:"offset"`
}

// location is the item that a problem is in.
type location struct {
	kind, name string
}

func newResult(name string, told map[string]bool) *Result {
	return &Result{
		Name: name, Successful: true, Errors: []Problem{}, Warnings: []Problem{},
		warned: map[string]bool{}, told: told,
	}
}

func (r *Result) errorAt(c Code, f *file, p point, loc location, msg string, args ...any) {
	r.errorSpan(c, f, p, 1, loc, msg, args...)
}

// errorSpan records an error once: the same fault reached through several rules,
// or seen again when the next file is compiled, is one fault.
func (r *Result) errorSpan(c Code, f *file, p point, width int, loc location, msg string, args ...any) {
	r.addError(newProblem(c, f, p, width, loc, fmt.Sprintf(msg, args...)))
}

// addError keeps the first errors, in the order in which they are written.
func (r *Result) addError(problem Problem) {
	if repeated(r.told, &problem) {
		return
	}
	r.Successful = false
	i := sort.Search(len(r.Errors), func(i int) bool { return problem.compare(&r.Errors[i]) < 0 })
	r.Errors = slices.Insert(r.Errors, i, problem)
	if len(r.Errors) > MaxErrors {
		r.Errors = r.Errors[:MaxErrors]
		r.omitted++
	}
}

// compare orders problems by where they are.
func (p *Problem) compare(o *Problem) int {
	if p.first != o.first {
		return map[bool]int{true: -1, false: 1}[p.first]
	}
	return cmp.Or(cmp.Compare(p.at.file, o.at.file), cmp.Compare(p.at.line, o.at.line), cmp.Compare(p.at.col, o.at.col))
}

func (r *Result) warnAt(c Code, f *file, p point, loc location, msg string, args ...any) {
	r.addWarning(newProblem(c, f, p, 1, loc, fmt.Sprintf(msg, args...)))
}

// warnDeprecatedField warns of a field that will go.
func (r *Result) warnDeprecatedField(f *file, p point, width int, loc location, name, msg string) {
	problem := newProblem(WarnDeprecatedItem, f, p, width, loc, msg)
	problem.DeprecatedField = name
	r.addWarning(problem)
}

func (r *Result) addWarning(problem Problem) {
	if !repeated(r.warned, &problem) {
		r.Warnings = append(r.Warnings, problem)
	}
}

func repeated(seen map[string]bool, p *Problem) bool {
	key := fmt.Sprintf("%d:%d:%d:%s:%s", p.at.file, p.at.line, p.at.col, p.Code, p.Message)
	if seen[key] {
		return true
	}
	seen[key] = true
	return false
}

func newProblem(c Code, f *file, p point, width int, loc location, msg string) Problem {
	offset := f.offset(int(p.line), int(p.col))
	excerpt := filter.NewExcerpt(f.raw, filter.Range{Start: offset, End: offset + width})
	return Problem{
		Code: c, CodeDesc: codeTexts[c], Message: msg,
		Context: Context{
			Locations: []Location{{
				ItemType: loc.kind, ItemName: loc.name,
				Position: LocationSpot{
					Name: f.name, Line: int(p.line), Column: int(p.col),
					Offset: offset,
				},
			}},
			Snippet: excerpt.Line,
		},
		at: p, excerpt: excerpt,
	}
}

// WriteText prints the report for a person: for each problem file:line:column,
// the item, the message, the line and a caret.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, f := range r.Results {
		verdict := "ok"
		if !f.Successful {
			verdict = "invalid"
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Name, verdict)
		for i := range f.Errors {
			f.Errors[i].write(&b, "error")
		}
		if f.omitted > 0 {
			fmt.Fprintf(&b, "and %d more errors\n", f.omitted)
		}
		for i := range f.Warnings {
			f.Warnings[i].write(&b, "warning")
		}
	}
	for _, name := range r.unchecked {
		fmt.Fprintf(&b, "%s: not checked, it may build on the file before\n", name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Problem) write(b *strings.Builder, kind string) {
	loc := p.Context.Locations[0]
	fmt.Fprintf(b, "%s:%d:%d: %s: %s", loc.Position.Name, loc.Position.Line, loc.Position.Column, kind, p.Message)
	if loc.ItemName != "" {
		fmt.Fprintf(b, " (%s %q)", loc.ItemType, loc.ItemName)
	}
	fmt.Fprintf(b, " [%s]\n%s", p.Code, p.excerpt)
}
