// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"
	"time"
)

func TestParseInterval(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1h": time.Hour, "5000ms": 5 * time.Second, "1m30s": 90 * time.Second, "1y2w3d4h5m6s7ms": 8760*time.Hour + 17*day + 4*time.Hour + 5*time.Minute + 6*time.Second + 7*time.Millisecond,
		"0s": 0, "100ms": 100 * time.Millisecond, "1m1ms": time.Minute + time.Millisecond,
	} {
		if got, ok := parseInterval(text); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "5000", "1.5h", "-1s", "1s1m", "1 s", "1h ", "h", "300y", "99999999999999999999ms", "292y99999999999999d"} {
		if got, ok := parseInterval(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// TestFalcoKeys: a key of Falco that is not here says what to do instead.
func TestFalcoKeys(t *testing.T) {
	for key, want := range map[string]string{
		"webserver.enabled=true":             "unknown key webserver: the agent listens on no port; metrics.output_file has its numbers",
		"metrics.output_rule=true":           "unknown key metrics.output_rule: the numbers go to metrics.output_file and to no alert",
		"metrics.rules_counters_enabled=yes": "unknown key metrics.rules_counters_enabled: each line of metrics.output_file has all numbers there are",
		"static_fields.a=b":                  "unknown key static_fields: append_output with extra_fields adds fields to alerts",
		"metrics.interva=1s":                 "unknown key metrics.interva (did you mean interval?)",
		"metrics.interval=5000":              `metrics.interval is "5000": want a time of at least 100ms, as 1h or 1m30s`,
		"metrics.interval=99ms":              `metrics.interval is "99ms": want a time of at least 100ms, as 1h or 1m30s`,
		"metrics.enabled=true":               "metrics is enabled without a output_file",
	} {
		_, err := Load(Input{Overrides: []string{key}})
		if err == nil || err.Error() != "-o "+key+": "+want {
			t.Errorf("%s: %v, want %s", key, err, want)
		}
	}
}
