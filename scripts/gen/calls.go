// SPDX-License-Identifier: Apache-2.0

package main

// isGeneric: a call without an event of its own. Code 0 stands for no call.
func (s *syscall) isGeneric() bool {
	return s.Code != 0 && s.Tracepoint == nil && s.exit == nil
}

func (s *syscall) kind() string {
	switch {
	case s.Code == 0:
		return "KindUnknown"
	case s.Tracepoint != nil:
		return "KindTracepoint"
	}
	return "KindSyscall"
}

func orNone(v *int) int {
	if v == nil {
		return -1
	}
	return *v
}

// callTable has the code of each native number of one kind of caller.
type callTable struct {
	goVar string
	calls [numNative]*syscall
}

func (t *table) callTables() (tabs [3]callTable) {
	tabs[0].goVar, tabs[1].goVar, tabs[2].goVar = "nativeX8664", "nativeI386", "nativeAArch64"
	for _, s := range t.codes {
		if s == nil {
			continue
		}
		if s.X8664 != nil {
			tabs[0].calls[*s.X8664] = s
		}
		for _, nr := range s.I386 {
			tabs[1].calls[nr] = s
		}
		if s.AArch64 != nil {
			tabs[2].calls[*s.AArch64] = s
		}
	}
	return tabs
}
