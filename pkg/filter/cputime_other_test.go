// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package filter_test

import (
	"testing"
	"time"
)

var began = time.Now()

// cpuTime is the wall clock where there is no better one.
func cpuTime(testing.TB) time.Duration { return time.Since(began) }
