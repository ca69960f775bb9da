// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the CPU time that this process has taken.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0 // there is no such error for this process
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
