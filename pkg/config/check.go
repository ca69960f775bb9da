// SPDX-License-Identifier: Apache-2.0

package config

import (
	"math/bits"
	"slices"
	"strings"

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
	if c.OutputsQueue.Capacity == 0 {
		errs.add(at("outputs_queue", "capacity"), "outputs_queue.capacity is 0: want at least 1")
	}
	if c.FileOutput.Enabled && c.FileOutput.Filename == "" {
		errs.add(at("file_output", "enabled"), "file_output is enabled without a filename")
	}
}

func oneOf(errs *ErrorList, at Pos, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		errs.add(at, "%s is %q: want one of %s", key, value, strings.Join(allowed, ", "))
	}
}
