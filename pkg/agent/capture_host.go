// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/scap"
)

// thisMachine is this host as the head of a capture tells it. What /proc does not
// say stays 0.
func thisMachine(proc string) scap.Machine {
	read := func(file, key string) uint64 {
		text, err := os.ReadFile(filepath.Join(proc, file))
		if err != nil {
			return 0
		}
		return numberAfter(string(text), key)
	}
	return scap.Machine{
		Hostname: field.Hostname(),
		Memory:   read("meminfo", "MemTotal:") << 10,
		MaxPID:   read("sys/kernel/pid_max", ""),
		BootTime: read("stat", "btime ") * 1e9,
	}
}

// numberAfter is the number behind a key at the start of a line, 0 without.
func numberAfter(text, key string) uint64 {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, key)
		if words := strings.Fields(rest); ok && len(words) > 0 {
			n, _ := strconv.ParseUint(words[0], 10, 64)
			return n
		}
	}
	return 0
}
