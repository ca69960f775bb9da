// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	module      = "github.com/eyas-security/eyas/"
	goSPDX      = "// SPDX-License-Identifier: Apache-2.0\n"
	maxFuncGo   = 80
	maxFileGo   = 800
	unixPackage = "golang.org/x/sys/unix"
)

// What a package may import of this tree, other than tests. Data goes down this list, never up:
// a package that is not named here has no place yet.
var arrows = map[string]string{
	"pkg/schema":    "",
	"pkg/abi":       "",
	"pkg/event":     "pkg/schema",
	"pkg/state":     "pkg/event pkg/schema",
	"pkg/scap":      "pkg/state pkg/event pkg/schema",
	"pkg/field":     "pkg/state pkg/event pkg/schema",
	"pkg/filter":    "pkg/field pkg/state pkg/event pkg/schema",
	"pkg/format":    "pkg/filter pkg/field pkg/state pkg/event pkg/schema",
	"pkg/rules":     "pkg/format pkg/filter pkg/field pkg/state pkg/event pkg/schema",
	"pkg/engine":    "pkg/rules pkg/format pkg/filter pkg/field pkg/state pkg/event pkg/schema",
	"pkg/selection": "pkg/rules pkg/filter pkg/field pkg/schema",

	"pkg/ruletest": "pkg/scap pkg/engine pkg/rules pkg/format pkg/filter pkg/field pkg/state pkg/event pkg/schema",

	"pkg/flight": "pkg/scap pkg/state pkg/event pkg/schema",

	"cdriver":    "pkg/abi",
	"pkg/ring":   "pkg/abi",
	"pkg/driver": "cdriver pkg/abi pkg/ring",

	"pkg/control":  "pkg/selection",
	"pkg/governor": "pkg/rules pkg/schema",

	"pkg/metrics": "",
	"pkg/config":  "pkg/rules pkg/abi",
	"pkg/output":  "pkg/rules",
	"pkg/agent": "pkg/flight pkg/control pkg/governor pkg/config pkg/output pkg/metrics pkg/driver pkg/ring pkg/abi pkg/selection pkg/engine pkg/rules pkg/format " +
		"pkg/filter pkg/field pkg/state pkg/scap pkg/event pkg/schema",
	"cmd/agent": "pkg/agent pkg/control pkg/config pkg/output pkg/metrics pkg/driver pkg/abi pkg/selection pkg/ruletest pkg/engine pkg/rules pkg/format " +
		"pkg/filter pkg/field pkg/state pkg/scap pkg/event pkg/schema",
}

// Odd imports and the only packages that may have them.
var corners = map[string]string{
	"unsafe": "cdriver pkg/driver pkg/event pkg/ring", // unsafe.Sizeof and the like are fine anywhere
	"C":      "cdriver",
}

// OnlyLinux is the name of a file that is built for Linux alone.
var onlyLinux = regexp.MustCompile(`_linux(_[a-z0-9]+)?(_test)?\.go$`)

func checkGo(files []source) []finding {
	var found []finding
	for _, f := range files {
		if path.Ext(f.path) != ".go" {
			continue
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, f.path, f.text, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			found = append(found, finding{f.path, 0, err.Error()})
			continue
		}
		c := goFile{source: f, fset: fset, tree: tree, dir: path.Dir(f.path), test: strings.HasSuffix(f.path, "_test.go")}
		c.head()
		c.imports()
		c.decls()
		c.calls()
		found = append(found, c.found...)
	}
	return found
}

// GoFile is one file while it is checked.
type goFile struct {
	source
	fset  *token.FileSet
	tree  *ast.File
	dir   string
	test  bool
	found []finding
}

func (c *goFile) report(at token.Pos, format string, args ...any) {
	c.found = append(c.found, finding{c.path, c.fset.Position(at).Line, fmt.Sprintf(format, args...)})
}

// InProduct tells the packages that ship from tools, tests and helpers of tests.
func (c *goFile) inProduct() bool {
	return !c.test && !strings.HasPrefix(c.dir, "scripts/") && !strings.HasPrefix(c.dir, "pkg/internal/")
}

func (c *goFile) head() {
	if !strings.HasPrefix(string(c.text), goSPDX) {
		c.report(1, "line 1 must be %q", strings.TrimSpace(goSPDX))
	}
	if n := len(lines(c.text)); n > maxFileGo && !ast.IsGenerated(c.tree) {
		c.report(1, "%d lines; no file has more than %d", n, maxFileGo)
	}
}

func (c *goFile) imports() {
	allowed, known := arrows[c.dir]
	if c.inProduct() && !known {
		c.report(c.tree.Package, "package %s has no place among the arrows in scripts/lint", c.dir)
	}
	for _, spec := range c.tree.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if places, odd := corners[name]; odd && c.inProduct() && !among(places, c.dir) && !c.onlySizes(name) {
			c.report(spec.Pos(), "only %s may import %s", places, name)
		}
		if strings.HasPrefix(name, unixPackage) && !onlyLinux.MatchString(c.path) {
			c.report(spec.Pos(), "only files named _linux.go may import %s", unixPackage)
		}
		if ours, ok := strings.CutPrefix(name, module); ok && known && c.inProduct() && !among(allowed, ours) && !isHelper(ours) {
			c.report(spec.Pos(), "%s must not import %s: that arrow goes the other way", c.dir, ours)
		}
	}
}

// OnlySizes says that the file takes nothing from unsafe but constants.
func (c *goFile) onlySizes(pkg string) bool {
	only := pkg == "unsafe"
	ast.Inspect(c.tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "unsafe" && !among("Sizeof Offsetof Alignof", sel.Sel.Name) {
				only = false
			}
		}
		return only
	})
	return only
}

// IsHelper says that all packages may import a package: pkg/internal holds small helpers, and those of tests,
// which no product may import, have names that end so.
func isHelper(pkg string) bool {
	return strings.HasPrefix(pkg, "pkg/internal/") && !strings.HasSuffix(pkg, "test")
}

func (c *goFile) decls() {
	for _, decl := range c.tree.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		if fn.Recv == nil && fn.Name.Name == "init" {
			c.report(fn.Pos(), "no init function: nothing may happen before main asks for it")
		}
		n := c.fset.Position(fn.End()).Line - c.fset.Position(fn.Pos()).Line + 1
		if n > maxFuncGo && !c.test && !ast.IsGenerated(c.tree) && !isTable(fn) {
			c.report(fn.Pos(), "%s has %d lines; no function has more than %d", fn.Name.Name, n, maxFuncGo)
		}
	}
}

// IsTable says that a function is one flat switch or one composite literal, which may be long.
func isTable(fn *ast.FuncDecl) bool {
	for _, stmt := range fn.Body.List {
		switch s := stmt.(type) {
		case *ast.SwitchStmt, *ast.TypeSwitchStmt:
			return true
		case *ast.ReturnStmt:
			if len(s.Results) == 1 {
				if _, ok := s.Results[0].(*ast.CompositeLit); ok {
					return true
				}
			}
		}
	}
	return false
}

func (c *goFile) calls() {
	ast.Inspect(c.tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && c.test {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && sel.Sel.Name == "Sleep" {
				c.report(sel.Pos(), "no time.Sleep in tests: wait for what you wait for")
			}
		}
		return true
	})
}

func among(list, name string) bool { return slices.Contains(strings.Fields(list), name) }
