// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eyas-security/eyas/pkg/internal/nearest"
)

// item is one mapping of a rule file with helpers that report what is wrong with
// it. bad is set by the first error; the item is not used then.
type item struct {
	f    *file
	r    *Result
	node *yaml.Node
	loc  location
	noun string // what it is called, for messages
	bad  bool
}

// itemKinds tells what an item is by the first of these keys that is present.
var itemKinds = []string{"required_engine_version", "required_plugin_versions", "list", "macro", "rule"}

// itemKeys are the keys each kind may have.
var itemKeys = map[string][]string{
	"required_engine_version":  {"required_engine_version"},
	"required_plugin_versions": {"required_plugin_versions"},
	"list":                     {"list", "items", "append", "override"},
	"macro":                    {"macro", "condition", "append", "override"},
	"rule": {
		"rule", "desc", "condition", "output", "priority", "source", "enabled", "capture",
		"capture_duration", "tags", "exceptions", "warn_evttypes", "skip-if-unknown-filter",
		"append", "override",
	},
	"exception":          {"name", "fields", "comps", "values"},
	"plugin requirement": {"name", "version", "alternatives"},
	"plugin alternative": {"name", "version"},
}

func newItem(f *file, r *Result, n *yaml.Node) *item {
	it := &item{f: f, r: r, node: n}
	for _, kind := range itemKinds {
		if v := it.get(kind); v != nil {
			it.loc, it.noun = location{kind: kind}, kind
			if v.Kind == yaml.ScalarNode {
				it.loc.name = v.Value
			}
			it.warnUnknownKeys(kind)
			return it
		}
	}
	return it
}

// sub is the mapping n inside of the item, nil when it is none.
func (it *item) sub(n *yaml.Node, noun string) *item {
	if n.Kind != yaml.MappingNode {
		it.fail(n, ErrYAMLValidate, "%s is a mapping with %s, not %s", article(noun), strings.Join(itemKeys[noun], ", "), kindName(n))
		return nil
	}
	sub := &item{f: it.f, r: it.r, node: n, loc: it.loc, noun: noun}
	sub.warnUnknownKeys(noun)
	return sub
}

func (it *item) kind() string { return it.loc.kind }

// get returns the value of a key, or nil.
func (it *item) get(key string) *yaml.Node {
	for i := 0; i+1 < len(it.node.Content); i += 2 {
		if it.node.Content[i].Value == key {
			return resolveAlias(it.node.Content[i+1])
		}
	}
	return nil
}

func (it *item) warnUnknownKeys(kind string) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(it.node.Content); i += 2 {
		k := it.node.Content[i]
		switch {
		case !contains(itemKeys[kind], k.Value):
			it.warn(k, WarnUnknownKey, "unknown key %q in %s%s; it is ignored", k.Value, article(kind), didYouMean(k.Value, itemKeys[kind]))
		case seen[k.Value]:
			it.warn(k, WarnUnknownKey, "the key %q stands twice in %s; this one is ignored", k.Value, article(kind))
		}
		seen[k.Value] = true
	}
}

func article(noun string) string {
	if noun == "exception" {
		return "an " + noun
	}
	return "a " + noun
}

// didYouMean is a remark on a name that is close, or nothing.
func didYouMean(name string, names []string) string {
	if near := nearest.To(name, names); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

func (it *item) fail(n *yaml.Node, c Code, msg string, args ...any) {
	it.bad = true
	it.r.errorAt(c, it.f, it.f.nodePoint(n), it.loc, msg, args...)
}

func (it *item) warn(n *yaml.Node, c Code, msg string, args ...any) {
	it.r.warnAt(c, it.f, it.f.nodePoint(n), it.loc, msg, args...)
}

// scalar returns a non-empty scalar, or reports why it is none.
func (it *item) scalar(n *yaml.Node, what string) (string, bool) {
	fault := noText(n)
	if fault == "" && n.Value == "" {
		fault = "is empty"
	}
	if fault != "" {
		it.fail(n, ErrYAMLValidate, "%s %s", what, fault)
		return "", false
	}
	return n.Value, true
}

// noText says why a node cannot be taken for a text, "" when it can.
func noText(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode:
		return "must be a text, not " + kindName(n)
	case n.Tag != n.ShortTag() || !strings.HasPrefix(n.ShortTag(), "!!"):
		return "begins with " + n.Tag + ", which YAML takes for a tag: put the text in quotes"
	case !isNull(n):
		return ""
	case n.Value == "":
		return "is empty"
	}
	return "is " + n.Value + ", which is nothing in YAML: put it in quotes if it is a text"
}

// required returns the scalar under a key that must be there.
func (it *item) required(key string) (string, *yaml.Node) {
	n := it.get(key)
	if n == nil {
		it.fail(it.node, ErrYAMLValidate, "%s needs the key %q", article(it.noun), key)
		return "", nil
	}
	s, _ := it.scalar(n, key)
	return s, n
}

// has reports all keys that are missing as one error.
func (it *item) has(keys ...string) {
	var missing []string
	for _, key := range keys {
		if it.get(key) == nil {
			missing = append(missing, strconv.Quote(key))
		}
	}
	if len(missing) > 0 {
		it.fail(it.node, ErrYAMLValidate, "%s needs %s", article(it.noun), strings.Join(missing, ", "))
	}
}

// optional returns the scalar under a key, "" when the key is absent.
func (it *item) optional(key string) string {
	n := it.get(key)
	if n == nil {
		return ""
	}
	s, _ := it.scalar(n, key)
	return s
}

// text is optional with the place of each byte.
func (it *item) text(key string) text {
	if it.optional(key) == "" {
		return text{}
	}
	return scalarText(it.f, it.get(key))
}

// boolean returns the value of a key, def when absent. YAML 1.1 spellings count.
func (it *item) boolean(key string, def bool) bool {
	n := it.get(key)
	if n == nil {
		return def
	}
	s, ok := it.scalar(n, key)
	if !ok {
		return def
	}
	switch strings.ToLower(s) {
	case "true", "yes", "on", "y":
		return true
	case "false", "no", "off", "n":
		return false
	}
	it.fail(n, ErrYAMLValidate, "%s must be true or false, not %q", key, s)
	return def
}

func (it *item) uint32(key string) uint32 {
	n := it.get(key)
	if n == nil {
		return 0
	}
	s, ok := it.scalar(n, key)
	if !ok {
		return 0
	}
	v, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		it.fail(n, ErrYAMLValidate, "%s must be a number from 0 to 4294967295, not %q", key, s)
	}
	return uint32(v)
}

// sequence returns the elements under a key; ok is false when the key is absent.
func (it *item) sequence(key string) (elems []*yaml.Node, ok bool) {
	n := it.get(key)
	if n == nil {
		return nil, false
	}
	if isNull(n) && !it.needs(key) {
		return nil, true
	}
	if n.Kind != yaml.SequenceNode {
		it.fail(n, ErrYAMLValidate, "%s must be a sequence, not %s", key, kindName(n))
		return nil, true
	}
	elems = make([]*yaml.Node, len(n.Content))
	for i, e := range n.Content {
		elems[i] = resolveAlias(e)
	}
	return elems, true
}

// needs tells whether the item is nothing without a sequence under the key.
func (it *item) needs(key string) bool {
	return key == "items" || key == "required_plugin_versions"
}

// texts returns the scalars of a sequence.
func (it *item) texts(key string) (texts []string, ok bool) {
	elems, ok := it.sequence(key)
	for _, e := range elems {
		if fault := noText(e); fault != "" {
			it.fail(e, ErrYAMLValidate, "an element of %s %s", key, fault)
			continue
		}
		texts = append(texts, e.Value)
	}
	return texts, ok
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
