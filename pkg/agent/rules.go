// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

// InvalidRulesError is a rule set that does not load; the report says why.
type InvalidRulesError struct{ Report *rules.Report }

func (e *InvalidRulesError) Error() string { return e.Report.Err().Error() }

// ReadRules reads rule files in order. A folder stands for its .yaml and .yml
// files, sorted by name. With optional, what does not exist is left out.
func ReadRules(paths []string, optional bool) ([]rules.Source, error) {
	var srcs []rules.Source
	for _, path := range paths {
		files, err := ruleFiles(path)
		if optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read rules: %w", err)
			}
			srcs = append(srcs, rules.Source{Name: file, Text: text})
		}
	}
	return srcs, nil
}

func ruleFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	slices.Sort(files)
	return files, nil
}

// RuleSet is a loaded rule set and the part of it that is evaluated.
type RuleSet struct {
	Set    *rules.Set
	Report *rules.Report
	Active []*rules.Rule
}

// LoadRules loads rule files and applies what the configuration says about which
// rules take part, and then what the choices say. Invalid rules come back as
// *InvalidRulesError.
func LoadRules(cfg *config.Config, srcs []rules.Source, choices []rules.Choice) (*RuleSet, error) {
	set, report := rules.Options{Additions: additions(cfg)}.Load(srcs)
	if !report.OK() {
		return nil, &InvalidRulesError{report}
	}
	least, err := rules.ParsePriority(cfg.Priority)
	if err != nil {
		return nil, fmt.Errorf("config: priority: %w", err)
	}
	set.Choose(append(configChoices(cfg), choices...))
	return &RuleSet{Set: set, Report: report, Active: set.Active(least)}, nil
}

// additions are the entries of append_output.
func additions(cfg *config.Config) []rules.Addition {
	var all []rules.Addition
	for i := range cfg.AppendOutput {
		all = append(all, cfg.AppendOutput[i].Addition())
	}
	return all
}

// configChoices are the entries of rules. A rule name and a tag in one entry
// choose each for themselves.
func configChoices(cfg *config.Config) []rules.Choice {
	var choices []rules.Choice
	add := func(m config.RuleMatch, enable bool) {
		if m.Rule != "" {
			choices = append(choices, rules.Choice{Enable: enable, Rule: m.Rule})
		}
		if m.Tag != "" {
			choices = append(choices, rules.Choice{Enable: enable, Tag: m.Tag})
		}
	}
	for _, c := range cfg.Rules {
		add(c.Enable, true)
		add(c.Disable, false)
	}
	return choices
}

// Plan is the selection for a rule set.
func Plan(cfg *config.Config, active []*rules.Rule) *selection.Plan {
	return selection.Compute(selectionInput(cfg, active))
}

func selectionInput(cfg *config.Config, active []*rules.Rule) selection.Input {
	return selection.Input{
		Rules: active, Custom: cfg.BaseSyscalls.CustomSet, Repair: cfg.BaseSyscalls.Repair,
		All: cfg.BaseSyscalls.All, Arch: schema.HostArch(),
	}
}

// Choices turns the flags that choose rules into choices: with tags only the
// rules that have one of them stay on.
func Choices(tags, disabledTags, disabledRules []string) []rules.Choice {
	var choices []rules.Choice
	if len(tags) > 0 {
		choices = append(choices, rules.Choice{Rule: "*"})
	}
	for _, tag := range tags {
		choices = append(choices, rules.Choice{Enable: true, Tag: tag})
	}
	for _, tag := range disabledTags {
		choices = append(choices, rules.Choice{Tag: tag})
	}
	for _, rule := range disabledRules {
		if !strings.Contains(rule, "*") {
			rule = "*" + rule + "*" // a part of the name is enough
		}
		choices = append(choices, rules.Choice{Rule: rule})
	}
	return choices
}
