// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// change says how an item relates to an earlier definition of the same name.
type change struct {
	defines  bool            // a definition, not a change of one
	appends  map[string]bool // keys joined to the old value
	replaces map[string]bool // keys that take the old value's place
	old      bool            // the deprecated `append: true`
	unknown  bool            // it names keys that cannot be changed
}

// String says what is done to which keys.
func (c change) String() string {
	var parts []string
	for verb, keys := range map[string]map[string]bool{"appends": c.appends, "replaces": c.replaces} {
		if len(keys) > 0 {
			parts = append(parts, verb+" "+strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

// overridable lists which keys may be changed, and which of them appended to.
var overridable = map[string]struct{ appends, replaces []string }{
	"list":  {[]string{"items"}, []string{"items"}},
	"macro": {[]string{"condition"}, []string{"condition"}},
	"rule": {
		[]string{"desc", "condition", "output", "tags", "exceptions"},
		[]string{"desc", "condition", "output", "priority", "enabled", "capture", "capture_duration",
			"tags", "exceptions", "warn_evttypes", "skip-if-unknown-filter"},
	},
}

// change reads `append` and `override` of an item.
func (it *item) change() change {
	appends := it.boolean("append", false)
	if n := it.get("append"); n != nil {
		it.warn(n, WarnDeprecatedItem, "\"append\" is deprecated, use \"override\" and name the key")
	}
	over := it.get("override")
	switch {
	case over == nil && appends:
		return change{old: true}
	case over == nil:
		return change{defines: true}
	case appends:
		it.fail(over, ErrYAMLValidate, "\"override\" and \"append: true\" exclude each other")
		return change{}
	case over.Kind != yaml.MappingNode:
		it.fail(over, ErrYAMLValidate, "override must be a mapping of key to append or replace, not %s", kindName(over))
		return change{}
	}
	return it.overrides(over)
}

func (it *item) overrides(over *yaml.Node) change {
	c := change{appends: map[string]bool{}, replaces: map[string]bool{}}
	for i := 0; i+1 < len(over.Content); i += 2 {
		it.override(&c, over.Content[i], resolveAlias(over.Content[i+1]))
	}
	for _, key := range overridable[it.kind()].replaces {
		if n := it.get(key); n != nil && !c.unknown && !c.appends[key] && !c.replaces[key] {
			it.fail(n, ErrYAMLValidate, "the key %q has no corresponding entry under \"override\"", key)
		}
	}
	return c
}

func (it *item) override(c *change, key, how *yaml.Node) {
	may := overridable[it.kind()]
	switch {
	case !contains(may.replaces, key.Value):
		c.unknown = true
		it.fail(key, ErrYAMLValidate, "the key %q of a %s cannot be overridden%s; these can: %s",
			key.Value, it.kind(), didYouMean(key.Value, may.replaces), strings.Join(may.replaces, ", "))
	case it.get(key.Value) == nil:
		it.fail(key, ErrYAMLValidate, "override names %q, but the item has no such key", key.Value)
	case c.appends[key.Value] || c.replaces[key.Value]:
		it.fail(key, ErrYAMLValidate, "override names the key %q twice", key.Value)
	case how.Value == "replace":
		c.replaces[key.Value] = true
	case how.Value == "append" && contains(may.appends, key.Value):
		c.appends[key.Value] = true
	case how.Value == "append":
		c.replaces[key.Value] = true // named all the same
		it.fail(how, ErrYAMLValidate, "the key %q cannot be appended to, use \"replace\"", key.Value)
	default:
		c.replaces[key.Value] = true // named all the same
		it.fail(how, ErrYAMLValidate, "override must say append or replace, not %s%s", kindName(how), didYouMean(how.Value, []string{"append", "replace"}))
	}
}
