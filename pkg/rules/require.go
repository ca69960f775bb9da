// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// builtinPlugins are the plugin interfaces that the agent provides itself: rule
// files may require them.
var builtinPlugins = map[string]Version{"container": {0, 7, 1}}

// requirement is one entry of required_plugin_versions: any one of its
// alternatives is enough.
type requirement struct {
	alternatives []pluginVersion
	it           *item
	node         *yaml.Node
}

type pluginVersion struct {
	name    string
	version Version
}

func (p pluginVersion) String() string { return p.name + " " + p.version.String() }

func (d *definitions) addEngineVersion(it *item) {
	s, n := it.required("required_engine_version")
	if it.bad {
		return
	}
	want, err := ParseVersion(s)
	if minor, convErr := strconv.ParseUint(s, 10, 32); convErr == nil {
		want, err = Version{0, uint32(minor), 0}, nil
	}
	switch {
	case err != nil:
		it.fail(n, ErrValidate, "required_engine_version: %v", err)
	case !EngineVersion.Satisfies(want):
		it.fail(n, ErrValidate, "the file needs rule engine %s, this is %s", want, EngineVersion)
	case d.engine.Compare(want) < 0:
		d.engine = want
	}
}

func (d *definitions) addPluginVersions(it *item) {
	entries, _ := it.sequence("required_plugin_versions")
	for _, e := range entries {
		sub := it.sub(e, "plugin requirement")
		if sub == nil {
			continue
		}
		req := requirement{it: it, node: e}
		sub.addAlternative(&req)
		alts, _ := sub.sequence("alternatives")
		for _, a := range alts {
			if alt := sub.sub(a, "plugin alternative"); alt != nil {
				alt.addAlternative(&req)
			}
		}
		d.plugins = append(d.plugins, req)
	}
}

func (it *item) addAlternative(req *requirement) {
	it.has("name", "version")
	name, s := it.optional("name"), it.optional("version")
	if it.bad {
		return
	}
	n := it.get("version")
	v, err := ParseVersion(s)
	if err != nil {
		it.fail(n, ErrValidate, "plugin %q: %v", name, err)
		return
	}
	for _, a := range req.alternatives {
		if a.name == name {
			it.fail(n, ErrValidate, "plugin %q is named twice in one requirement", name)
			return
		}
	}
	req.alternatives = append(req.alternatives, pluginVersion{name, v})
}

// checkPlugins reports the requirements that nothing built in satisfies, before
// all errors that may come of it.
func (d *definitions) checkPlugins() {
	for _, req := range d.plugins {
		if !req.satisfied() {
			p := newProblem(ErrValidate, req.it.f, req.it.f.nodePoint(req.node), 1, req.it.loc,
				fmt.Sprintf("plugin requirement not satisfied: needs %s; available: %s", req, available()))
			p.first = true
			req.it.r.addError(p)
		}
	}
}

func (r requirement) satisfied() bool {
	for _, a := range r.alternatives {
		if have, ok := builtinPlugins[a.name]; ok && have.Satisfies(a.version) {
			return true
		}
	}
	return len(r.alternatives) == 0 // already reported as malformed
}

func (r requirement) String() string {
	var names []string
	for _, a := range r.alternatives {
		names = append(names, a.String())
	}
	return strings.Join(names, " or ")
}

func available() string {
	var names []string
	for name, v := range builtinPlugins {
		names = append(names, fmt.Sprintf("%s %s", name, v))
	}
	return strings.Join(names, ", ")
}
