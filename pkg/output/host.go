// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"os"
)

// HostnameVariable of the environment names the host where its own name says nothing, as in a container.
const HostnameVariable = "FALCO_HOSTNAME"

// Hostname is the name that alerts carry.
func Hostname() (string, error) {
	if name := os.Getenv(HostnameVariable); name != "" {
		return name, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("get host name: %w", err)
	}
	return name, nil
}
