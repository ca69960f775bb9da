// SPDX-License-Identifier: Apache-2.0

// Package birth tells of a process by the events that it comes from.
package birth

import (
	"maps"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Events returns the parameters of a clone, seen from the child, and of the exec
// after it, by name as event.Encode reads them. v has those of both; what only
// the clone has are the ids in the namespace.
func Events(v map[string]string) (clone, exec map[string]string) {
	clone, exec = maps.Clone(v), maps.Clone(v)
	maps.DeleteFunc(clone, func(key, _ string) bool {
		return schema.EvSyscallClone20X.Info().ParamIndex(key) < 0
	})
	clone["flags"] = "0"
	delete(exec, "vtid")
	delete(exec, "vpid")
	return clone, exec
}
