// SPDX-License-Identifier: Apache-2.0

// Package output brings alerts out: as a line of text or JSON, through a queue, to each place that is configured.
//
//	Send ──► Encoder ──► line ──┬──► queue ──► goroutine ──► stdout
//	                            ├──► queue ──► goroutine ──► file
//	                            └──► …                       syslog, a program, an HTTP server
//
// An alert is encoded once, before the queues. Send never waits: a full queue, a full disk or a reader that went away
// lose alerts, which is counted and told at most once a second, and stops neither the agent nor the other outputs.
// The package knows nothing of events and rules: an alert comes with its message and the JSON of its fields.
package output
