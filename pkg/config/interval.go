// SPDX-License-Identifier: Apache-2.0

package config

import (
	"math"
	"regexp"
	"strconv"
	"time"
)

// interval is a time in words: numbers with units, the largest first.
var interval = regexp.MustCompile(`^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$`)

const day = 24 * time.Hour

// intervalUnits are those of interval, in its order.
var intervalUnits = [...]time.Duration{365 * day, 7 * day, day, time.Hour, time.Minute, time.Second, time.Millisecond}

// parseInterval reads a time in words. False: it is none, or too long.
func parseInterval(text string) (sum time.Duration, ok bool) {
	parts := interval.FindStringSubmatch(text)
	if text == "" || parts == nil {
		return 0, false
	}
	for i, unit := range intervalUnits {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || n > int64((math.MaxInt64-sum)/unit) {
			return 0, false
		}
		sum += time.Duration(n) * unit
	}
	return sum, true
}
