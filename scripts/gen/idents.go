// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// idents are the Go names of codes.
type idents struct {
	event []string
	sc    []string // by code, "" in holes
}

func newIdents(t *table) *idents {
	ids := &idents{}
	var events, scs []string
	for _, e := range t.events {
		events = append(events, strings.TrimPrefix(e.Code, "PPME_"))
	}
	for _, s := range t.codes {
		if s != nil {
			scs = append(scs, strings.TrimPrefix(s.symbol, "PPM_SC_"))
		}
	}
	ids.event = goNamesOf("Ev", events)
	names := goNamesOf("SC", scs)
	for _, s := range t.codes {
		if s == nil {
			ids.sc = append(ids.sc, "")
			continue
		}
		ids.sc, names = append(ids.sc, names[0]), names[1:]
	}
	return ids
}

// goNamesOf turns SYSCALL_OPENAT_X into EvSyscallOpenatX. Where two symbols
// would get one name, both keep their underscores behind the first word:
// EvSyscallOpenat_2_X and EvSyscallOpenat2_X.
func goNamesOf(prefix string, symbols []string) []string {
	count := map[string]int{}
	for _, s := range symbols {
		count[camel(s, "")]++
	}
	names := make([]string, len(symbols))
	for i, s := range symbols {
		if count[camel(s, "")] == 1 {
			names[i] = prefix + camel(s, "")
			continue
		}
		first, rest, ok := strings.Cut(s, "_")
		if !ok {
			first, rest = "", s
		}
		names[i] = prefix + camel(first, "") + camel(rest, "_")
	}
	return names
}

func camel(s, sep string) string {
	words := strings.Split(strings.ToLower(s), "_")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, sep)
}
