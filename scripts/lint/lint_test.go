// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestCheckGo(t *testing.T) {
	long := "func f() {\n" + strings.Repeat("\tg()\n", maxFuncGo) + "}\n"
	tests := []struct {
		name, path, text string
		want             string // part of the only finding; empty = none
	}{
		{"clean", "pkg/event/a.go", goSPDX + "\npackage event\n\nimport \"" + module + "pkg/schema\"\n", ""},
		{"no licence", "pkg/event/a.go", "package event\n", "line 1 must be"},
		{"arrow up", "pkg/event/a.go", goSPDX + "\npackage event\n\nimport \"" + module + "pkg/state\"\n", "other way"},
		{"arrow up in a test", "pkg/event/a_test.go", goSPDX + "\npackage event\n\nimport \"" + module + "pkg/state\"\n", ""},
		{"helper", "pkg/event/a.go", goSPDX + "\npackage event\n\nimport \"" + module + "pkg/internal/nearest\"\n", ""},
		{"helper of tests", "pkg/event/a.go", goSPDX + "\npackage event\n\nimport \"" + module + "pkg/internal/ringtest\"\n", "other way"},
		{"new package", "pkg/nowhere/a.go", goSPDX + "\npackage nowhere\n", "no place"},
		{"unsafe", "pkg/state/a.go", goSPDX + "\npackage state\n\nimport \"unsafe\"\n\nvar p unsafe.Pointer\n", "only cdriver"},
		{"sizes", "pkg/state/a.go", goSPDX + "\npackage state\n\nimport \"unsafe\"\n\nconst n = unsafe.Sizeof(0)\n", ""},
		{"unsafe in its corner", "pkg/ring/a.go", goSPDX + "\npackage ring\n\nimport \"unsafe\"\n", ""},
		{"cgo", "pkg/driver/a.go", goSPDX + "\npackage driver\n\nimport \"C\"\n", "only cdriver"},
		{"unix", "pkg/driver/a.go", goSPDX + "\npackage driver\n\nimport \"" + unixPackage + "\"\n", "_linux.go"},
		{"unix on linux", "pkg/driver/a_linux.go", goSPDX + "\npackage driver\n\nimport \"" + unixPackage + "\"\n", ""},
		{"unix on one architecture", "pkg/driver/a_linux_amd64_test.go", goSPDX + "\npackage driver\n\nimport \"" + unixPackage + "\"\n", ""},
		{"unix in a test on linux", "pkg/driver/a_linux_test.go", goSPDX + "\npackage driver\n\nimport \"" + unixPackage + "\"\n", ""},
		{"init", "pkg/event/a.go", goSPDX + "\npackage event\n\nfunc init() {}\n", "no init"},
		{"long function", "pkg/event/a.go", goSPDX + "\npackage event\n\n" + long, "no function has more"},
		{"sleep in a test", "pkg/event/a_test.go", goSPDX + "\npackage event\n\nfunc f() { time.Sleep(1) }\n", "time.Sleep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { compare(t, checkGo([]source{{tt.path, []byte(tt.text)}}), tt.want) })
	}
}

func TestCheckC(t *testing.T) {
	const spdx = "// SPDX-License-Identifier: GPL-2.0\n"
	tests := []struct {
		name, path, text string
		want             string
	}{
		{"clean", "kmod/a.c", spdx + "int f(void)\n{\n\treturn 0; /* a // b */\n}\n", ""},
		{"no licence", "scripts/vm/a.c", "int a;\n", "licence"},
		{"other licence", "kmod/a.c", "// SPDX-License-Identifier: MIT\n", "GPL-2.0"},
		{"trailing space", "kmod/a.c", spdx + "int a; \n", "space at the end"},
		{"long line", "kmod/a.c", spdx + "\t" + strings.Repeat("a", 113) + "\n", "121 columns"},
		{"long line in generated code", "kmod/gen/a.c", spdx + strings.Repeat("a", 200) + "\n", ""},
		{"spaces", "kmod/a.c", spdx + "int f(void)\n{\n    return 0;\n}\n", "indent with tabs"},
		{"comment", "kmod/a.c", spdx + "int a; // b\n", "comments are"},
		{"comment in a text", "kmod/a.c", spdx + "char *a = \"http://\\\"//\";\n", ""},
		{"version", "kmod/a.c", spdx + "#if LINUX_VERSION_CODE > 3\n#endif\n", "kmod/compat"},
		{"version in its corner", "kmod/compat/a.h", spdx + "#if LINUX_VERSION_CODE > 3\n#endif\n", ""},
		{"jump in a macro", "kmod/a.c", spdx + "#define A \\\n\treturn 1\n", "hide a jump"},
		{"jump after a macro", "kmod/a.c", spdx + "#define A 1\nint f(void)\n{\n\treturn A;\n}\n", ""},
		{"long function", "kmod/a.c", spdx + "int f(void)\n{\n" + strings.Repeat("\tg();\n", 100) + "}\n", "function of 101"},
		{"no newline", "kmod/a.c", spdx + "int a;", "no newline"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { compare(t, checkC([]source{{tt.path, []byte(tt.text)}}), tt.want) })
	}
}

func compare(t *testing.T, found []finding, want string) {
	t.Helper()
	switch {
	case want == "" && len(found) == 0:
	case want == "":
		t.Errorf("unexpected findings: %v", found)
	case len(found) != 1 || !strings.Contains(found[0].String(), want):
		t.Errorf("findings: got %v, want one with %q", found, want)
	}
}
