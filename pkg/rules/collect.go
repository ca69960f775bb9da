// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// definitions is what all files read so far say. Order matters: a name keeps the
// place of its first definition, and what a macro or list may refer to depends
// on where it was last changed.
type definitions struct {
	files   []*file
	lists   ordered[listDef]
	macros  ordered[macroDef]
	rules   ordered[ruleDef]
	items   int // items read so far: the clock of first and last
	engine  Version
	plugins []requirement

	additions []Addition
	told      map[string]bool // errors so far
}

// ordered is a table by name that remembers the order of first definition.
type ordered[T any] struct {
	byName map[string]*T
	all    []*T
}

// names are the names, sorted.
func (o *ordered[T]) names() []string { return slices.Sorted(maps.Keys(o.byName)) }

func (o *ordered[T]) get(name string) *T { return o.byName[name] }

// put defines name, in the place of its first definition.
func (o *ordered[T]) put(name string, def T) *T {
	if old := o.byName[name]; old != nil {
		*old = def
		return old
	}
	if o.byName == nil {
		o.byName = map[string]*T{}
	}
	o.byName[name] = &def
	o.all = append(o.all, &def)
	return &def
}

type listDef struct {
	name        string
	items       []string
	pos         point
	changes     []point // where it was appended to
	first, last int
	used        bool
	broken      bool // reported already: whoever uses it stays silent
}

type macroDef struct {
	name        string
	cond        text
	pos         point
	changes     []point // where it was appended to
	first, last int
	used        bool
	broken      bool // as of a list
	work        macroWork
}

type ruleDef struct {
	name, desc, source string
	cond               text
	output             text
	priority           Priority
	enabled, capture   bool
	captureDuration    uint32
	tags               []string
	exceptions         []*exceptionDef
	warnEvttypes       bool
	skipUnknown        bool
	pos                point
	changes            []changed
	own, whole         parsedOutput // the output, and with what is added
	broken             bool         // it is compiled for its errors only
}

// add takes one item into the definitions.
func (d *definitions) add(it *item) {
	d.items++
	switch it.kind() {
	case "required_engine_version":
		d.addEngineVersion(it)
	case "required_plugin_versions":
		d.addPluginVersions(it)
	case "list":
		d.addList(it)
	case "macro":
		d.addMacro(it)
	case "rule":
		d.addRule(it)
	default:
		near := ""
		for i := 0; i < len(it.node.Content) && near == ""; i += 2 {
			near = didYouMean(it.node.Content[i].Value, itemKinds)
		}
		it.warn(it.node, WarnUnknownItem, "an item with none of the keys list, macro, rule, required_engine_version, required_plugin_versions%s; it is ignored", near)
	}
}

func (d *definitions) addList(it *item) {
	name, n := it.required("list")
	items, ok := it.texts("items")
	if !ok {
		it.fail(it.node, ErrYAMLValidate, "a list needs the key \"items\"")
	}
	how := it.change()
	if name == "" {
		return
	}
	if it.bad {
		d.lists.put(name, listDef{name: name, broken: true})
		return
	}
	if !isListName(name) {
		it.warn(n, WarnInvalidListName, "list name %q cannot be used in a condition", name)
	}
	old := d.lists.get(name)
	switch {
	case (how.old || how.appends["items"]) && old == nil:
		it.fail(n, ErrValidate, "list %q has no definition to append to%s", name, didYouMean(name, d.lists.names()))
	case how.old || how.appends["items"]:
		old.items, old.last = append(slices.Clip(old.items), items...), d.items
		old.changes = append(old.changes, it.f.nodePoint(it.node))
	default:
		def := listDef{name: name, items: items, pos: it.f.nodePoint(it.node), first: d.items, last: d.items}
		if old != nil {
			def.first = old.first
		}
		d.lists.put(name, def)
	}
}

func (d *definitions) addMacro(it *item) {
	name, n := it.required("macro")
	_, cn := it.required("condition")
	how := it.change()
	if name == "" {
		return
	}
	if it.bad {
		d.macros.put(name, macroDef{name: name, broken: true})
		return
	}
	if !isIdent(name) {
		it.warn(n, WarnInvalidMacroName, "macro name %q cannot be used in a condition", name)
	}
	cond := scalarText(it.f, cn)
	old := d.macros.get(name)
	switch {
	case (how.old || how.appends["condition"]) && old == nil:
		it.fail(n, ErrValidate, "macro %q has no definition to append to%s", name, didYouMean(name, d.macros.names()))
	case how.old || how.appends["condition"]:
		old.cond.join(cond)
		old.last = d.items
		old.changes = append(old.changes, it.f.nodePoint(it.node))
	default:
		def := macroDef{name: name, cond: cond, pos: it.f.nodePoint(it.node), first: d.items, last: d.items}
		if old != nil {
			def.first = old.first
		}
		d.macros.put(name, def)
	}
}

// join appends o after one blank.
func (t *text) join(o text) {
	t.add(" ", t.point(len(t.b)))
	t.append(o)
}

func (d *definitions) addRule(it *item) {
	name, n := it.required("rule")
	how := it.change()
	if it.bad {
		return
	}
	old := d.rules.get(name)
	switch {
	case how.defines && it.onlySwitches():
		d.switchRule(it, old, name, n)
	case how.defines:
		d.defineRule(it, name)
	case old == nil:
		it.fail(n, ErrValidate, "rule %q has no definition to append to or override%s", name, didYouMean(name, d.rules.names()))
	case how.old:
		old.appendOld(it)
	default:
		old.override(it, how)
	}
}

// onlySwitches tells the deprecated form that turns a rule on or off.
func (it *item) onlySwitches() bool {
	for _, key := range []string{"condition", "output", "desc", "priority"} {
		if it.get(key) != nil {
			return false
		}
	}
	return it.get("enabled") != nil
}

func (d *definitions) switchRule(it *item, old *ruleDef, name string, n *yaml.Node) {
	it.warn(n, WarnDeprecatedItem, "a rule item with \"enabled\" alone is deprecated, use \"override: {enabled: replace}\"")
	if old == nil {
		it.fail(n, ErrValidate, "rule %q is not defined, so it cannot be switched on or off%s", name, didYouMean(name, d.rules.names()))
		return
	}
	old.enabled = it.boolean("enabled", true)
	old.note(it, "replaces enabled")
}

func (d *definitions) defineRule(it *item, name string) {
	it.has("desc", "condition", "output", "priority")
	def := ruleDef{
		name: name, source: it.optional("source"), pos: it.f.nodePoint(it.node),
		enabled: it.boolean("enabled", true), capture: it.boolean("capture", false),
		captureDuration: it.uint32("capture_duration"),
		warnEvttypes:    it.boolean("warn_evttypes", true),
		skipUnknown:     it.boolean("skip-if-unknown-filter", false),
	}
	def.desc = it.optional("desc")
	def.cond, def.output = it.text("condition"), it.text("output")
	def.setPriority(it)
	def.tags, _ = it.texts("tags")
	def.exceptions = it.exceptions()
	def.broken = it.bad
	old := d.rules.get(name)
	if old != nil && def.source != "" && def.source != old.source {
		it.fail(it.get("source"), ErrValidate, "rule %q was defined for source %q, a new definition cannot move it to %q", name, old.source, def.source)
		return
	}
	if def.source == "" {
		def.source = SyscallSource
		if old != nil {
			def.source = old.source
		}
	}
	d.rules.put(name, def)
}

func (r *ruleDef) setPriority(it *item) {
	name := it.optional("priority")
	if name == "" {
		return
	}
	p, err := ParsePriority(name)
	if err != nil {
		it.fail(it.get("priority"), ErrYAMLValidate, "%v%s", err, didYouMean(strings.ToLower(name), lowerPriorities()))
		return
	}
	r.priority = p
}

// appendOld is the deprecated `append: true`: condition and exceptions only.
func (r *ruleDef) appendOld(it *item) {
	cond, exceptions := it.text("condition"), it.exceptions()
	if it.get("condition") == nil && it.get("exceptions") == nil {
		it.fail(it.node, ErrValidate, "an appended rule must have a condition or exceptions")
	}
	if it.bad {
		return
	}
	if it.get("condition") != nil {
		r.cond.join(cond)
	}
	r.addExceptions(it, exceptions)
	r.note(it, "appends")
}

// override applies the appended keys first, then the replaced ones.
func (r *ruleDef) override(it *item, how change) {
	next := *r
	next.exceptions = slices.Clone(r.exceptions)
	next.appendKeys(it, how.appends)
	next.replaceKeys(it, how.replaces)
	next.note(it, how.String())
	if !it.bad {
		*r = next
	}
}

func (r *ruleDef) appendKeys(it *item, keys map[string]bool) {
	if keys["desc"] {
		r.desc += " " + it.optional("desc")
	}
	if keys["condition"] {
		r.cond = r.cond.joined(it.text("condition"))
	}
	if keys["output"] {
		r.output = r.output.joined(it.text("output"))
	}
	if keys["tags"] {
		tags, _ := it.texts("tags")
		r.tags = append(slices.Clip(r.tags), tags...)
	}
	if keys["exceptions"] {
		r.addExceptions(it, it.exceptions())
	}
}

// joined returns t and o with one blank between, leaving t as it is.
func (t *text) joined(o text) text {
	c := text{b: slices.Clone(t.b), at: slices.Clone(t.at)}
	c.join(o)
	return c
}

func (r *ruleDef) replaceKeys(it *item, keys map[string]bool) {
	if keys["desc"] {
		r.desc = it.optional("desc")
	}
	if keys["condition"] {
		r.cond = it.text("condition")
	}
	if keys["output"] {
		r.output = it.text("output")
	}
	if keys["priority"] {
		r.setPriority(it)
	}
	if keys["tags"] {
		r.tags, _ = it.texts("tags")
	}
	if keys["exceptions"] {
		r.exceptions = it.exceptions()
	}
	r.replaceSwitches(it, keys)
}

func (r *ruleDef) replaceSwitches(it *item, keys map[string]bool) {
	for _, s := range []struct {
		key string
		to  *bool
	}{
		{"enabled", &r.enabled}, {"capture", &r.capture},
		{"warn_evttypes", &r.warnEvttypes}, {"skip-if-unknown-filter", &r.skipUnknown},
	} {
		if keys[s.key] {
			*s.to = it.boolean(s.key, *s.to)
		}
	}
	if keys["capture_duration"] {
		r.captureDuration = it.uint32("capture_duration")
	}
}

// isIdent: [a-zA-Z]+[a-zA-Z0-9_]*
func isIdent(s string) bool {
	for i, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// isListName: one or more characters that a bare word of a condition may have.
func isListName(s string) bool {
	for _, c := range []byte(s) {
		if isDelim(c) || c == '"' || c == '\'' {
			return false
		}
	}
	return s != ""
}
