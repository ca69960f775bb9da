// SPDX-License-Identifier: Apache-2.0

//go:build !race

package agent

// raceDetector is whether tests run under the race detector.
const raceDetector = false
