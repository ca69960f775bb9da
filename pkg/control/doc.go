// SPDX-License-Identifier: Apache-2.0

// Package control is how commands talk to a running agent: one request and one
// answer, each a JSON document, over a Unix socket that only root may use.
//
//	agent mask add … ─► Call ─► /run/eyas/control.sock ─► Server ─► the agent's handler
//
// It carries questions and answers and knows nothing of what they do. The file
// has mode 0600, and the kernel tells the server who is at the other end.
package control
