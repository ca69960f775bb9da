// SPDX-License-Identifier: Apache-2.0

package state

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Bounds of the budget that free memory gives.
const (
	minBudget   = 32 << 20
	maxBudget   = 4 << 30
	budgetShare = 4 // of the free memory, the part that it is divided into
)

// Budget is a MaxBytes by the memory that is free now; proc is where /proc is.
// Where it cannot be read, it is the default.
func Budget(proc string) int64 {
	text, err := os.ReadFile(filepath.Join(proc, "meminfo"))
	free := availableMemory(string(text))
	if err != nil || free == 0 {
		return DefaultMaxBytes
	}
	return min(max(free/budgetShare, minBudget), maxBudget)
}

// availableMemory returns what meminfo says can be had without swapping, in
// bytes; 0 when it does not say.
func availableMemory(meminfo string) int64 {
	for line := range strings.Lines(meminfo) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			if f := strings.Fields(rest); len(f) == 2 && f[1] == "kB" {
				kb, err := strconv.ParseInt(f[0], 10, 64)
				if err == nil && kb > 0 && kb < 1<<50 {
					return kb << 10
				}
			}
		}
	}
	return 0
}
