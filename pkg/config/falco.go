// SPDX-License-Identifier: Apache-2.0

package config

import "strings"

// falcoKeys are keys of Falco's configuration that are not here, and what to do instead. docs/from-falco.md holds all keys.
var falcoKeys = map[string]string{
	"config_files":           "there is one file, and -o lays keys over it",
	"engine":                 "live events come from the kernel module, for which [driver] is; 'agent run -e FILE' replays a capture",
	"falco_libs":             "driver.snaplen and [state] stand for it",
	"libs_logger":            "there is one log, for which log_level, log_stderr and log_syslog are",
	"load_plugins":           "there are no plugins, containers are built in",
	"plugins":                "there are no plugins, containers are built in",
	"plugins_hostinfo":       "there are no plugins, containers are built in",
	"output_timeout":         "an output that hangs loses its own alerts and holds up nothing",
	"rule_files":             "write rules_files",
	"rules_file":             "write rules_files",
	"static_fields":          "append_output with extra_fields adds fields to alerts",
	"syscall_event_drops":    "losses are always counted by system call and reason, and told",
	"syscall_event_timeouts": "a host may be quiet for as long as it likes",
	"webserver":              "the agent listens on no port; metrics.output_file has its numbers",

	"metrics.output_rule": "the numbers go to metrics.output_file and to no alert",
}

// falcoMetrics are the keys of Falco's metrics that choose among the numbers.
const falcoMetrics = " convert_memory_to_mb include_empty_values jemalloc_stats_enabled kernel_event_counters_enabled" +
	" kernel_event_counters_per_cpu_enabled kernel_iter_event_counters_enabled libbpf_stats_enabled plugins_metrics_enabled" +
	" resource_utilization_enabled rules_counters_enabled state_counters_enabled "

// insteadOf says what to do instead of setting a key of Falco; "" for other keys.
func insteadOf(path string) string {
	if name, ok := strings.CutPrefix(path, "metrics."); ok && strings.Contains(falcoMetrics, " "+name+" ") {
		return "each line of metrics.output_file has all numbers there are"
	}
	return falcoKeys[path]
}
