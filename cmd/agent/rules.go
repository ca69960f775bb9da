// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/rules"
)

func (a *command) rulesCommand() *cli.Command {
	return &cli.Command{
		Name:        "rules",
		Usage:       "rule files",
		Description: "Example:\n\n   agent rules list -r rules/eyas_rules.yaml",
		Subcommands: []*cli.Command{a.rulesListCommand(), a.rulesShowCommand(), a.rulesTestCommand(), a.rulesCostCommand(), {
			Name:      "validate",
			Usage:     "check rule files, loaded one on top of the other",
			ArgsUsage: "FILE...",
			Description: "Prints for each file whether it is valid, and what is wrong or doubtful with place and reason.\n\n" +
				"Example:\n\n   agent rules validate rules/eyas_rules.yaml local_rules.yaml",
			Flags:  []cli.Flag{jsonFlag},
			Action: rulesValidate,
		}},
	}
}

func rulesValidate(c *cli.Context) error {
	if err := wantArgs(c, 1, -1); err != nil {
		return err
	}
	files, err := agent.ReadRules(c.Args().Slice(), false)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return &invalidError{err: fmt.Errorf("no rule files in %s", strings.Join(c.Args().Slice(), ", "))}
	}
	_, report := rules.Load(files)
	if c.Bool("json") {
		err = printJSON(c.App.Writer, report)
	} else {
		err = report.WriteText(c.App.Writer)
	}
	if err == nil && report.Err() != nil {
		err = &invalidError{err: report.Err()}
	}
	return err
}

// ruleFlags are the flags of all commands that load rules.
func ruleFlags() []cli.Flag {
	return append(configFlags(),
		&cli.StringSliceFlag{Name: "rules", Aliases: []string{"r"}, Usage: "rule `FILE` or folder, instead of those of the configuration (repeatable)"},
		&cli.StringSliceFlag{Name: "tag", Aliases: []string{"t"}, Usage: "load only rules with this `TAG` (repeatable)"},
		&cli.StringSliceFlag{Name: "disable-tag", Aliases: []string{"T"}, Usage: "leave out rules with this `TAG` (repeatable)"},
		&cli.StringSliceFlag{Name: "disable-rule", Aliases: []string{"D"}, Usage: "leave out rules whose names hold this `TEXT` (repeatable)"},
		&cli.BoolFlag{Name: "all", Aliases: []string{"A"}, Usage: "record high-volume system calls too (base_syscalls.all)"},
	)
}

// printPresets are arguments of -p that once chose what outputs have on top of
// the rules. append_output does that now, and they change nothing.
var printPresets = []string{"c", "container", "k", "kubernetes"}

// keyFlags are flags that stand for a key of the configuration.
func keyFlags(c *cli.Context) (overrides []string) {
	if c.Bool("all") {
		overrides = append(overrides, "base_syscalls.all=true")
	}
	if c.Bool("base64") {
		overrides = append(overrides, "buffer_format_base64=true")
	}
	if text := c.String("print"); text != "" && !slices.Contains(printPresets, text) {
		overrides = append(overrides, "append_output[].extra_output="+text)
	}
	if c.Bool("unbuffered") {
		overrides = append(overrides, "buffered_outputs=false")
	}
	if c.Bool("verbose") {
		overrides = append(overrides, "log_level=debug")
	}
	if file := c.String("stats-file"); file != "" {
		overrides = append(overrides, "metrics.enabled=true", "metrics.output_file="+file, fmt.Sprintf("metrics.interval=%dms", c.Uint("stats-interval")))
	}
	if c.IsSet("snaplen") {
		overrides = append(overrides, "driver.snaplen="+c.String("snaplen"))
	}
	return overrides
}

// loadRules loads the rules that ruleFlags ask for. What is wrong with them is printed in full to the standard error.
func (a *command) loadRules(c *cli.Context) (*config.Config, *agent.RuleSet, error) {
	loaded, err := a.load(c)
	if err != nil {
		return nil, nil, err
	}
	return loaded.Config, loaded.Rules, nil
}

// load is loadRules that tells what was read. It may be called again and again.
func (a *command) load(c *cli.Context) (*agent.Loaded, error) {
	tags, disabledTags := c.StringSlice("tag"), c.StringSlice("disable-tag")
	if len(tags) > 0 && len(disabledTags) > 0 {
		return nil, usagef(c, "-t and -T cannot be used together")
	}
	cfg, err := loadConfig(c, keyFlags(c)...)
	if err != nil {
		return nil, err
	}
	paths, optional := c.StringSlice("rules"), false
	if len(paths) == 0 {
		paths, optional = cfg.RulesFiles, true
	}
	files, err := agent.ReadRules(paths, optional)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, &invalidError{err: fmt.Errorf("no rule files in %s: name some with -r or rules_files", strings.Join(paths, ", "))}
	}
	set, err := agent.LoadRules(cfg, files, agent.Choices(tags, disabledTags, c.StringSlice("disable-rule")))
	var invalid *agent.InvalidRulesError
	if errors.As(err, &invalid) {
		if err := invalid.Report.WriteText(c.App.ErrWriter); err != nil {
			return nil, fmt.Errorf("write report: %w", err)
		}
		return nil, &invalidError{err: err}
	}
	if err != nil {
		return nil, err
	}
	return &agent.Loaded{Config: cfg, Rules: set, Paths: append([]string{configPath(c)}, paths...)}, nil
}
