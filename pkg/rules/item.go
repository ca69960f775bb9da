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
	"exception": {"name", "fields", "comps", "values"},
}

func newItem(f *file, r *Result, n *yaml.Node) *item {
	it := &item{f: f, r: r, node: n}
	for _, kind := range itemKinds {
		if v := it.get(kind); v != nil {
			it.loc = location{kind: kind}
			if v.Kind == yaml.ScalarNode {
				it.loc.name = v.Value
			}
			it.warnUnknownKeys(kind)
			return it
		}
	}
	return it
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
	switch {
	case n.Kind != yaml.ScalarNode:
		it.fail(n, ErrYAMLValidate, "%s must be a text, not %s", what, kindName(n))
	case isNull(n) || n.Value == "":
		it.fail(n, ErrYAMLValidate, "%s is empty", what)
	default:
		return n.Value, true
	}
	return "", false
}

// required returns the scalar under a key that must be there.
func (it *item) required(key string) (string, *yaml.Node) {
	n := it.get(key)
	if n == nil {
		it.fail(it.node, ErrYAMLValidate, "a %s needs the key %q", it.kind(), key)
		return "", nil
	}
	s, _ := it.scalar(n, key)
	return s, n
}

// has reports all keys that are missing as one error.
func (it *item) has(keys ...string) bool {
	var missing []string
	for _, key := range keys {
		if it.get(key) == nil {
			missing = append(missing, strconv.Quote(key))
		}
	}
	if len(missing) == 0 {
		return true
	}
	it.fail(it.node, ErrYAMLValidate, "a %s needs %s", it.kind(), strings.Join(missing, ", "))
	return false
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
	if isNull(n) {
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

// texts returns the scalars of a sequence.
func (it *item) texts(key string) (texts []string, ok bool) {
	elems, ok := it.sequence(key)
	for _, e := range elems {
		if e.Kind != yaml.ScalarNode {
			it.fail(e, ErrYAMLValidate, "each element of %s must be a text, not %s", key, kindName(e))
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
