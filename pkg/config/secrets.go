// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"
	"slices"
	"strings"
)

// hidden stands where a secret was.
const hidden = "***"

// address is a URL in a text: scheme, user with @, host, and all behind that.
var address = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)([^\s/?#]*@)?([^\s/?#"'\\]*)([/?#][^\s"']*)?`)

// HideSecrets leaves of each address in a text the scheme and the host: users, paths
// and queries may be passwords or tokens.
func HideSecrets(text string) string {
	return address.ReplaceAllStringFunc(text, func(url string) string {
		part := address.FindStringSubmatch(url)
		scheme, user, host, rest := part[1], part[2], part[3], part[4]
		if strings.Contains(rest, "@") {
			return scheme + hidden // a password with a slash in it, perhaps
		}
		safe := scheme + host
		if user != "" {
			safe = scheme + hidden + "@" + host
		}
		if len(rest) > 1 {
			rest = rest[:1] + hidden
		}
		return safe + rest
	})
}

// command is the first word of a shell's line, if that word is a program and nothing else.
var command = regexp.MustCompile(`^[\w./+-]+(\s|$)`)

// WithoutSecrets is the configuration as it may be shown to others: of http_output.url
// scheme and host, of program_output.program the program, of other texts what
// HideSecrets leaves of the addresses in them.
func (c *Config) WithoutSecrets() *Config {
	safe := *c
	h, p := &safe.HTTPOutput, &safe.ProgramOutput
	if h.URL != "" && address.FindString(h.URL) != h.URL {
		h.URL = hidden
	}
	h.URL, h.UserAgent = HideSecrets(h.URL), HideSecrets(h.UserAgent)
	if name := command.FindString(p.Program); name != p.Program {
		p.Program = name + hidden
	}
	safe.AppendOutput = slices.Clone(c.AppendOutput)
	for i := range safe.AppendOutput {
		a := &safe.AppendOutput[i]
		a.ExtraOutput = HideSecrets(a.ExtraOutput)
		a.ExtraFields = slices.Clone(a.ExtraFields)
		for j := range a.ExtraFields {
			a.ExtraFields[j].Output = HideSecrets(a.ExtraFields[j].Output)
		}
	}
	return &safe
}
