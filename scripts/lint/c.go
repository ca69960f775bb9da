// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

const (
	maxColumnC = 120
	maxFuncC   = 100
	maxFileC   = 800
	tabWidth   = 8
)

var (
	versionC = regexp.MustCompile(`\b(LINUX_VERSION_CODE|KERNEL_VERSION|RHEL_RELEASE_CODE)\b`)
	jumpC    = regexp.MustCompile(`\b(return|goto)\b`)
	defineC  = regexp.MustCompile(`^\s*#\s*define\b`)
)

func checkC(files []source) []finding {
	var found []finding
	for _, f := range files {
		if ext := path.Ext(f.path); ext != ".c" && ext != ".h" {
			continue
		}
		c := cFile{source: f, lines: lines(f.text), generated: strings.Contains(f.path, "/gen/")}
		c.head()
		c.check()
		found = append(found, c.found...)
	}
	return found
}

// CFile is one C file while it is checked.
type cFile struct {
	source
	lines     []string
	generated bool
	found     []finding

	inComment bool
	inMacro   bool
	funcStart int
}

func (c *cFile) report(line int, format string, args ...any) {
	c.found = append(c.found, finding{c.path, line, fmt.Sprintf(format, args...)})
}

func (c *cFile) head() {
	if !strings.Contains(c.lines[0], "SPDX-License-Identifier: ") {
		c.report(1, "line 1 must name the licence (SPDX-License-Identifier)")
	}
	if strings.HasPrefix(c.path, "kmod/") && !strings.Contains(c.lines[0], "GPL-2.0") {
		c.report(1, "the module is GPL-2.0")
	}
	if !strings.HasSuffix(string(c.text), "\n") {
		c.report(len(c.lines), "no newline at the end")
	}
	if n := len(c.lines); n > maxFileC && !c.generated {
		c.report(0, "%d lines; no file has more than %d", n, maxFileC)
	}
}

func (c *cFile) check() {
	for i, line := range c.lines {
		n := i + 1
		code := c.strip(line)
		if !c.generated {
			c.layout(n, line)
		}
		if n > 1 && strings.Contains(code, "//") {
			c.report(n, "comments are /* */")
		}
		if versionC.MatchString(code) && !strings.HasPrefix(c.path, "kmod/compat/") {
			c.report(n, "only kmod/compat may ask for a kernel version; probe for the symbol instead")
		}
		c.macro(n, code)
		c.function(n, line)
	}
}

func (c *cFile) layout(n int, line string) {
	if strings.TrimRight(line, " \t\r") != line {
		c.report(n, "space at the end of the line")
	}
	if w := width(line); w > maxColumnC {
		c.report(n, "%d columns; no line has more than %d", w, maxColumnC)
	}
	if strings.HasPrefix(line, " ") && !strings.HasPrefix(strings.TrimLeft(line, " "), "*") && !c.inComment {
		c.report(n, "indent with tabs")
	}
}

// Strip returns the code of a line: no comments, no texts. It follows comments over lines.
func (c *cFile) strip(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch rest := line[i:]; {
		case c.inComment:
			if strings.HasPrefix(rest, "*/") {
				c.inComment = false
				i++
			}
		case strings.HasPrefix(rest, "/*"):
			c.inComment = true
			i++
		case rest[0] == '"' || rest[0] == '\'':
			i += quoted(rest) - 1
		default:
			b.WriteByte(line[i])
		}
	}
	return b.String()
}

// Quoted is the length of the quoted text that s begins with.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return len(s)
}

// Macro refuses a jump hidden in a macro.
func (c *cFile) macro(n int, code string) {
	c.inMacro = c.inMacro || defineC.MatchString(code)
	if c.inMacro && jumpC.MatchString(code) && !strings.Contains(code, "({") {
		c.report(n, "a macro must not hide a jump")
	}
	c.inMacro = c.inMacro && strings.HasSuffix(code, `\`)
}

// Function measures what stands between braces in the first column.
func (c *cFile) function(n int, line string) {
	switch {
	case line == "{":
		c.funcStart = n
	case strings.HasPrefix(line, "}") && c.funcStart > 0:
		if size := n - c.funcStart; size > maxFuncC {
			c.report(c.funcStart, "function of %d lines; none has more than %d", size, maxFuncC)
		}
		c.funcStart = 0
	}
}

func width(line string) int {
	w := 0
	for _, r := range line {
		if r == '\t' {
			w += tabWidth - w%tabWidth
		} else {
			w++
		}
	}
	return w
}
