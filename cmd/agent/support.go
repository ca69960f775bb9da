// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

func (a *command) supportCommand() *cli.Command {
	return &cli.Command{
		Name:  "support",
		Usage: "print facts for a bug report",
		Description: "Versions, the host, the module, configuration, rule files with their digests, and what is recorded right now,\n" +
			"for which root is needed. What cannot be had is told at the end. Passwords and tokens are left out as far as they\n" +
			"are known as such: http_output.url and other addresses are shown as far as the host, program_output.program without\n" +
			"arguments. Read it before you send it: names of rules, files and processes are in it.\n\n" +
			"Example:\n\n   agent support -c /etc/eyas/eyas.toml > report.txt",
		Flags:  append(ruleFlags(), jsonFlag),
		Action: support,
	}
}

// supportRecord is the report. Its parts are those of other commands.
type supportRecord struct {
	Versions   versionRecord     `json:"versions"`
	Machine    *driver.Machine   `json:"machine"`
	Module     *driver.Status    `json:"module"` // as 'driver status'
	Parameters map[string]string `json:"module_parameters"`
	Builds     []string          `json:"dkms"`
	Findings   []driver.Finding  `json:"findings"` // of 'driver doctor'
	Config     supportConfig     `json:"config"`
	Rules      supportRules      `json:"rules"`
	Sessions   []*sessionRecord  `json:"sessions"` // as 'mask show'
	Agent      *control.Status   `json:"agent"`    // of the one that answers on the control socket
	Missing    []string          `json:"missing"`  // what could not be had, and why
}

type supportConfig struct {
	File    string   `json:"file"`
	Changed []string `json:"changed"` // keys that are not at their default
	TOML    string   `json:"toml"`    // what is in force
}

type supportRules struct {
	Files  []ruleFileRecord `json:"files"`
	Loaded int              `json:"loaded"` // rules; -1 when they do not load
	Active int              `json:"active"` // of those, rules that take part
}

type ruleFileRecord struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func support(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	r := &supportRecord{Versions: newVersionRecord(c), Missing: []string{}}
	r.addHost(c)
	cfg, err := loadConfig(c, keyFlags(c)...)
	if err != nil {
		r.lacks("configuration", err)
		cfg = config.Default()
	}
	r.addConfig(c, cfg)
	r.addRules(c, cfg)
	r.addSessions(c, cfg)
	if c.Bool("json") {
		return printJSON(c.App.Writer, r)
	}
	r.text(c.App.Writer)
	return nil
}

// lacks notes what cannot be had.
func (r *supportRecord) lacks(what string, err error) {
	r.Missing = append(r.Missing, what+": "+config.HideSecrets(err.Error()))
}

func (r *supportRecord) addHost(c *cli.Context) {
	var h driver.Host
	var err error
	r.Machine, r.Parameters = h.Machine(), h.Parameters()
	if r.Machine.ConfigFile == "" {
		r.Missing = append(r.Missing, "kernel configuration: neither /proc nor /boot nor the headers have it")
	}
	if r.Module, err = h.Status(c.Context); err != nil {
		r.lacks("module", err)
		return
	}
	if r.Findings, err = h.Doctor(c.Context); err != nil {
		r.lacks("findings", err)
	}
	if r.Builds, err = h.Builds(c.Context); err != nil {
		r.lacks("dkms", err)
	}
}

func (r *supportRecord) addConfig(c *cli.Context, cfg *config.Config) {
	if _, err := os.Stat(configPath(c)); err != nil && c.String("config") == "" {
		r.lacks("configuration", err)
	}
	r.Config = supportConfig{
		File:    configPath(c),
		Changed: append([]string{}, config.Default().Changed(cfg)...),
		TOML:    withoutComments(string(cfg.WithoutSecrets().TOML())),
	}
}

// withoutComments keeps the lines with keys and tables.
func withoutComments(toml string) string {
	var b strings.Builder
	for line := range strings.Lines(toml) {
		if line != "\n" && line[0] != '#' {
			b.WriteString(line)
		}
	}
	return b.String()
}

func (r *supportRecord) addRules(c *cli.Context, cfg *config.Config) {
	paths := c.StringSlice("rules")
	if len(paths) == 0 {
		paths = cfg.RulesFiles
	}
	var srcs []rules.Source
	for _, path := range paths {
		found, err := agent.ReadRules([]string{path}, false)
		if err != nil {
			r.lacks("rule files", err)
		}
		srcs = append(srcs, found...)
	}
	r.Rules = supportRules{Files: []ruleFileRecord{}, Loaded: -1}
	for _, src := range srcs {
		sum := sha256.Sum256(src.Text)
		r.Rules.Files = append(r.Rules.Files, ruleFileRecord{src.Name, len(src.Text), hex.EncodeToString(sum[:])})
	}
	choices := agent.Choices(c.StringSlice("tag"), c.StringSlice("disable-tag"), c.StringSlice("disable-rule"))
	set, err := agent.LoadRules(cfg, srcs, choices)
	if err != nil {
		r.lacks("rules", err)
		return
	}
	r.Rules.Loaded, r.Rules.Active = len(set.Set.Rules), len(set.Active)
}

func (r *supportRecord) addSessions(c *cli.Context, cfg *config.Config) {
	r.Sessions = []*sessionRecord{}
	stats, err := sessionStats(cfg.Driver.Device)
	if err != nil {
		r.lacks("sessions", err)
	}
	for _, s := range stats {
		r.Sessions = append(r.Sessions, newSessionRecord(s, schema.HostArch()))
	}
	resp, err := ask(c, &control.Request{Command: control.CommandStatus})
	if err != nil {
		r.lacks("running agent", err)
		return
	}
	r.Agent = resp.Status
	r.Agent.LastError = config.HideSecrets(r.Agent.LastError)
}
