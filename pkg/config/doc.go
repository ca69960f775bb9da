// SPDX-License-Identifier: Apache-2.0

// Package config is the agent's configuration: one struct, read from TOML, with a sentence for every key.
//
//	defaults ─┐
//	file      ├─► tree of keys and values, each with its place ─► Config, checked
//	-o k=v   ─┘
//
// The defaults, the file and the overrides of the command line are laid over each other as trees; only the result is
// put into the struct, so that an unknown key or a wrong value is told with file, line and column, and all of them at
// once. It reads no file and no environment by itself and knows nothing of what the values are used for.
package config
