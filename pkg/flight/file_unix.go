// SPDX-License-Identifier: Apache-2.0

//go:build unix

package flight

import (
	"io/fs"
	"os"
	"syscall"
)

// ours tells whether something belongs to root or to who the agent runs as.
func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}
