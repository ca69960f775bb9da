// SPDX-License-Identifier: Apache-2.0

package config

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/rules"
)

// Check looks at values that have the right type. The tree tells where each was set.
func (c *Config) check(root *node, errs *ErrorList) {
	at := func(keys ...string) Pos {
		if n := root.find(keys...); n != nil {
			return n.at
		}
		return Pos{}
	}
	if _, err := rules.ParsePriority(c.Priority); err != nil {
		errs.add(at("priority"), "%v", err)
	}
	oneOf(errs, at("rule_matching"), "rule_matching", c.RuleMatching, "first", "all")
	oneOf(errs, at("log_level"), "log_level", c.LogLevel, "error", "warning", "info", "debug")
	if bits.OnesCount64(c.Driver.RingBytes) != 1 || c.Driver.RingBytes < abi.MinRing {
		errs.add(at("driver", "ring_bytes"), "driver.ring_bytes is %d: want a power of two of at least %d", c.Driver.RingBytes, abi.MinRing)
	}
	if c.Driver.Snaplen > abi.MaxSnaplen {
		errs.add(at("driver", "snaplen"), "driver.snaplen is %d: want at most %d", c.Driver.Snaplen, abi.MaxSnaplen)
	}
	if !strings.HasPrefix(c.Driver.Device, "/") {
		errs.add(at("driver", "device"), "driver.device is %q: want an absolute path", c.Driver.Device)
	}
	if c.Governor.PeriodMS < 100 || c.Governor.PeriodMS > 60000 {
		errs.add(at("governor", "period_ms"), "governor.period_ms is %d: want 100 to 60000", c.Governor.PeriodMS)
	}
	if c.Governor.Snaplen > abi.MaxSnaplen {
		errs.add(at("governor", "snaplen"), "governor.snaplen is %d: want at most %d", c.Governor.Snaplen, abi.MaxSnaplen)
	}
	if c.Governor.Hold == 0 {
		errs.add(at("governor", "hold"), "governor.hold is 0: want at least 1")
	}
	if c.Control.Enabled && !strings.HasPrefix(c.Control.Socket, "/") {
		errs.add(at("control", "socket"), "control.socket is %q: want an absolute path", c.Control.Socket)
	}
	if c.OutputsQueue.Capacity == 0 {
		errs.add(at("outputs_queue", "capacity"), "outputs_queue.capacity is 0: want at least 1")
	}
	if every, ok := parseInterval(c.Metrics.Interval); !ok || every < 100*time.Millisecond {
		errs.add(at("metrics", "interval"), "metrics.interval is %q: want a time of at least 100ms, as 1h or 1m30s", c.Metrics.Interval)
	}
	c.State.check(at, errs)
	c.Capture.check(at, errs)
	c.checkRules(root, errs)
	c.checkOutputs(at, errs)
}

// checkOutputs wants all that an output that is enabled needs.
func (c *Config) checkOutputs(at func(...string) Pos, errs *ErrorList) {
	needs := func(enabled bool, table, key, value string) {
		if enabled && value == "" {
			errs.add(at(table, "enabled"), "%s is enabled without a %s", table, key)
		}
	}
	needs(c.Metrics.Enabled, "metrics", "output_file", c.Metrics.OutputFile)
	needs(c.FileOutput.Enabled, "file_output", "filename", c.FileOutput.Filename)
	needs(c.ProgramOutput.Enabled, "program_output", "program", c.ProgramOutput.Program)
	h := &c.HTTPOutput
	needs(h.Enabled, "http_output", "url", h.URL)
	if h.Enabled && h.MTLS && (h.ClientCert == "" || h.ClientKey == "") {
		errs.add(at("http_output", "mtls"), "http_output.mtls needs client_cert and client_key")
	}
	if h.TimeoutMS == 0 {
		errs.add(at("http_output", "timeout_ms"), "http_output.timeout_ms is 0: want at least 1")
	}
}

// minStateBytes is what the busiest process may need by itself.
const minStateBytes = 1 << 20

func (s *State) check(at func(...string) Pos, errs *ErrorList) {
	if s.MaxBytes != 0 && (s.MaxBytes < minStateBytes || s.MaxBytes > 1<<50) {
		errs.add(at("state", "max_bytes"), "state.max_bytes is %d: want 0, or at least %d", s.MaxBytes, minStateBytes)
	}
	if s.MaxThreads == 0 {
		errs.add(at("state", "max_threads"), "state.max_threads is 0: want at least 1")
	}
}

// Bounds of what captures take.
const (
	maxBeforeDuration = 600_000
	maxFileSizeMB     = 1 << 20
	minCaptureBytes   = 1 << 20
)

func (c *Capture) check(at func(...string) Pos, errs *ErrorList) {
	key := func(name string) Pos { return at("capture", name) }
	oneOf(errs, key("mode"), "capture.mode", c.Mode, "rules", "all_rules")
	if !strings.HasPrefix(c.PathPrefix, "/") || strings.HasSuffix(c.PathPrefix, "/") {
		errs.add(key("path_prefix"), "capture.path_prefix is %q: want an absolute path and the beginning of a name", c.PathPrefix)
	}
	if c.BeforeDuration > maxBeforeDuration {
		errs.add(key("before_duration"), "capture.before_duration is %d: want at most %d", c.BeforeDuration, maxBeforeDuration)
	}
	if c.MaxFileSizeMB > maxFileSizeMB {
		errs.add(key("max_file_size_mb"), "capture.max_file_size_mb is %d: want at most %d", c.MaxFileSizeMB, maxFileSizeMB)
	}
	if c.MaxRunning == 0 {
		errs.add(key("max_running"), "capture.max_running is 0: want at least 1")
	}
	if c.MaxFiles != 0 && c.MaxFiles < c.MaxRunning {
		errs.add(key("max_files"), "capture.max_files is %d: want 0, or at least max_running, which is %d", c.MaxFiles, c.MaxRunning)
	}
	if c.BufferBytes < minCaptureBytes || c.BufferBytes > 1<<40 {
		errs.add(key("buffer_bytes"), "capture.buffer_bytes is %d: want at least %d", c.BufferBytes, minCaptureBytes)
	}
}

// checkRules looks at the entries of rules and append_output.
func (c *Config) checkRules(root *node, errs *ErrorList) {
	for i, choice := range c.Rules {
		if (choice.Enable == RuleMatch{}) == (choice.Disable == RuleMatch{}) {
			errs.add(root.find("rules").kids[i].at, "rules[%d]: want enable or disable, with a rule or a tag", i)
		}
	}
	for i := range c.AppendOutput {
		c.AppendOutput[i].check(i, root.find("append_output").kids[i], errs)
	}
}

func (a *OutputAddition) check(i int, n *node, errs *ErrorList) {
	if err := rules.CheckOutput(a.ExtraOutput); err != nil {
		errs.add(n.find("extra_output").at, "append_output[%d].extra_output: %v", i, err)
	}
	for k, f := range a.ExtraFields {
		x := rules.ExtraField(f)
		if _, err := x.Parse(); err != nil {
			errs.add(n.find("extra_fields").kids[k].at, "append_output[%d].extra_fields[%d]: %v", i, k, err)
		}
	}
}

// Addition is the entry as rules take it.
func (a *OutputAddition) Addition() rules.Addition {
	add := rules.Addition{
		Rule: a.Match.Rule, Source: a.Match.Source, Tags: a.Match.Tags,
		Output: a.ExtraOutput, Suggested: a.SuggestedOutput,
	}
	for _, f := range a.ExtraFields {
		add.Fields = append(add.Fields, rules.ExtraField(f))
	}
	return add
}

func oneOf(errs *ErrorList, at Pos, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		errs.add(at, "%s is %q: want one of %s", key, value, strings.Join(allowed, ", "))
	}
}
