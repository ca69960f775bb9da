// SPDX-License-Identifier: Apache-2.0

//go:build !race

package sharedtest

// RaceDetector is whether tests run under the race detector.
const RaceDetector = false
