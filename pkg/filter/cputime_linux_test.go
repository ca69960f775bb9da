// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime returns what this goroutine's thread has been running: on a busy host
// that says more than the wall clock. The goroutine stays on its thread.
func cpuTime(t testing.TB) time.Duration {
	runtime.LockOSThread()
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &ru); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}
