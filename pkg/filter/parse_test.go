// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"strings"
	"testing"
)

// Names in brackets are items of testdata/language.txt.

func TestParsePrintsCanonical(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"macro", "  a  ", "a"},
		{"group", "((a))", "a"},
		{"[1-4] not over and over or", "a or not b and c", "(a or (not b and c))"},
		{"[1-4] a chain is one node", "a and b and c or d or e", "((a and b and c) or d or e)"},
		{"nested groups stay", "(a and b) and c", "((a and b) and c)"},
		{"an odd number of nots negates", "not not not a", "not a"},
		{"an even number does not", "not  not a", "a"},
		{"not before a parenthesis", "not(a or b)", "not (a or b)"},
		{"not not before a parenthesis", "not not(a or b)", "(a or b)"},
		{"names may begin with a keyword", "notorious and android or order", "((notorious and android) or order)"},
		{"keywords are names where a name stands", "not", "not"},
		{"[1-1] no blank after symbols", "evt.type in(open)and a.b=c", "(evt.type in (open) and a.b = c)"},
		{"[1-1] in reads a prefix", "proc.name inx", "proc.name in x"},
		{"[1-1] exists reads a prefix", "a.b existsor c", "(a.b exists or c)"},
		{"[1-2] and before a parenthesis", "(a)and(b)", "(a and b)"},
		{"[1-3] the group is one kid", "a or (b) and c", "(a or (b and c))"},
		{"[1-5] a modifier", "a.b = oneof (x, y)", "a.b = oneof (x, y)"},
		{"[1-5] a modifier with a list name", "a.b contains anyof things and c", "(a.b contains anyof things and c)"},
		{"[1-5] a modifier word as text", "proc.name = oneof", "proc.name = oneof"},
		{"[1-5] a modifier word before and", "proc.name = allof and b", "(proc.name = allof and b)"},
		{"[1-5] a modifier word before or", "proc.name = anyof or b", "(proc.name = anyof or b)"},
		{"[1-6] numbers are text", "a.b < 0x1F and a.b >= -1.5e+3", "(a.b < 0x1F and a.b >= -1.5e+3)"},
		{"[P9] not as a text", "a.b = not", "a.b = not"},
		{"[P9] an empty argument", `a.b[""] = x`, `a.b[""] = x`},
		{"an argument", "proc.aname[2] = x", "proc.aname[2] = x"},
		{"a quoted argument", `proc.env['A B'] = x`, `proc.env["A B"] = x`},
		{"double equals", "a.b == c", "a.b = c"},
		{"empty list", "a.b in ( )", "a.b in ()"},
		{"quoted list", `a.b in ("x y", 'z', w)`, `a.b in ("x y", z, w)`},
		{"list of bare texts", "a.b pmatch (/etc, /usr/*/b)", "a.b pmatch (/etc, /usr/*/b)"},
		{"val", "a.b = val( c.d[1] )", "a.b = val(c.d[1])"},
		{"a field on the right is a text", "a.b = c.d", "a.b = c.d"},
		{"transformers nest", "tolower(basename(a.b)) = toupper(c.d)", "tolower(basename(a.b)) = toupper(c.d)"},
		{"transformer arguments", `join("-", (a.b, len(c.d), 'x', 5)) = x`, `join("-", (a.b, len(c.d), "x", 5)) = x`},
		{"getopt with argument", `getopt(a.b, "ab:")[b] exists`, `getopt(a.b, "ab:")[b] exists`},
		{"a transformer's name alone is a macro", "len and val", "(len and val)"},
		{"right side of in", "a.b in val(c.d)", "a.b in val(c.d)"},
		{"blanks", "a\tand\r\nb\bor c", "((a and b) or c)"},
		{"[1.1-2] escapes", `a.b = "\b\f\n\r\t\\\/\x41\"'"`, `a.b = "\b\f\n\r\t\\/A\"'"`},
		{"[1.1-2] single quotes", `a.b = 'it\'s "x"'`, `a.b = "it's \"x\""`},
		{"[1.1-3] backslash and blank", `a.b = "x\ y"`, `a.b = "x\\y"`},
		{"[1.1-1] a quote after a backslash stays", `a.b = "x\\" y"`, `a.b = "x\\\" y"`},
		{"[1.1-6] quoting on print", `a.b = "(x)" or a.b = "" or a.b = "a,b"`, `(a.b = "(x)" or a.b = "" or a.b = "a,b")`},
		{"[1.1-6] trailing backslash", `a.b = "x\x5c"`, `a.b = "x\x5c"`},
		{"bytes", "a.b = \"\\xff\\x00\"", "a.b = \"\xff\\x00\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := Parse(tt.in, ParseOptions{})
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if got := n.String(); got != tt.want {
				t.Fatalf("String: got %s, want %s", got, tt.want)
			}
			checkRoundTrip(t, n)
		})
	}
}

func checkRoundTrip(t *testing.T, n Node) {
	t.Helper()
	again, err := Parse(n.String(), ParseOptions{MaxDepth: 1 << 20})
	if err != nil {
		t.Fatalf("read %q again: %v", n, err)
	}
	if !Equal(n, again) {
		t.Fatalf("read %q again: got %q", n, again)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"[1-8] empty", "", "1:1: the condition is empty"},
		{"only blanks", "  ", "1:3: expected a field, a macro or (, but the condition ends here"},
		{"[1-8] text left over", "a b", "1:3: expected and, or, or the end of the condition, found b"},
		{"[1-3] a group that touches or is whole", "a or(b) and c", "1:9: expected and, or, or the end"},
		{"[1-2] and needs a blank", "a andb", "1:3: expected a blank or ( after and"},
		{"[P9] andnot", "a andnot b", "1:3: expected a blank or ( after and"},
		{"[P9] a macro compares with nothing", "macro > 12", "1:7: expected and, or"},
		{"no operator", "proc.name", "1:10: expected an operator"},
		{"a word operator needs a blank", `a.b contains"x"`, "1:5: expected an operator"},
		{"no right side", "a.b = ", "1:7: expected a text"},
		{"no number", "a.b < x", "1:7: expected a number"},
		{"exponent without sign", "a.b < 1e3", "1:8: expected and, or"},
		{"in wants a list", `a.b in "x"`, "1:8: expected a list"},
		{"open list", "a.b in (x, y", "1:13: expected , or ) in the list"},
		{"trailing comma", "a.b in (x,)", "1:11: expected a text in the list"},
		{"open group", "(a and b", "1:1: this ( has no )"},
		{"extra parenthesis", "(a))", "1:4: expected and, or"},
		{"open quote", `a.b = "x`, "1:7: the quoted text has no end"},
		{"[1.1-4] unknown escape", `a.b = "x\d"`, `1:9: unknown escape \d`},
		{"[1.1-4] the other quote", `a.b = "x\'"`, `1:9: unknown escape \'`},
		{"[1.1-4] hex digits", `a.b = "\x4"`, `1:8: \x wants two hexadecimal digits`},
		{"open argument", "a.b[1 = x", "1:6: expected ] after the argument"},
		{"empty argument", "a.b[] = x", "1:5: expected an argument"},
		{"no blank before the argument", "a.b [1] = x", "1:5: expected an operator"},
		{"val on the left", "val(a.b) = x", "1:1: val() stands on the right side"},
		{"val wants a field", `a.b = val("x")`, "1:11: expected a field in val()"},
		{"no arguments", "len() > 1", "1:5: expected a field, a transformer"},
		{"second line", "a and\n  (b or )", "2:9: expected a field, a macro or ("},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := Parse(tt.in, ParseOptions{})
			if err == nil {
				t.Fatalf("Parse: got %s, want an error", n)
			}
			got, _, _ := strings.Cut(err.(ErrorList).Render("", tt.in, Pos{}), "\n")
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("Parse: got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseCollectsBadEscapes(t *testing.T) {
	_, err := Parse(`a.b in ("\q", "\w") and (`, ParseOptions{})
	if l := err.(ErrorList); len(l) != 3 {
		t.Errorf("Parse: got %d errors, want 3: %v", len(l), l)
	}
}

// [1-7] the limits, [P9] a clean error.
func TestParseDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("(", n) + "a" + strings.Repeat(")", n) }
	tests := []struct {
		name  string
		text  string
		depth int
		ok    bool
	}{
		{"shallow", nested(15), DefaultDepth, true},
		{"deep", nested(40), DefaultDepth, false},
		{"deep for a rule", nested(40), RuleDepth, true},
		{"too deep for a rule", nested(100000), RuleDepth, false},
		{"deep transformers", strings.Repeat("tolower(", 100000), RuleDepth, false},
		{"wide is not deep", "a" + strings.Repeat(" and a", 100000), DefaultDepth, true},
		{"many nots are not deep", strings.Repeat("not ", 100000) + "a", DefaultDepth, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.text, ParseOptions{MaxDepth: tt.depth})
			if (err == nil) != tt.ok {
				t.Errorf("Parse: got %v, want ok %v", err, tt.ok)
			}
			if err != nil && !strings.Contains(err.Error(), "nested too deeply") {
				t.Errorf("Parse: got %v", err)
			}
		})
	}
}

// [1-9] offsets from 0, line and column from 1.
func TestRender(t *testing.T) {
	text := "evt.type = connect and\n\tfd.sport startswith(80)"
	_, err := Parse(text, ParseOptions{})
	got := err.(ErrorList).Render("rules/net.yaml", text, Pos{Line: 14, Col: 14})
	want := "rules/net.yaml:15:11: expected an operator (" + opChoices + "), found startswith\n" +
		"   fd.sport startswith(80)\n" +
		"            ^^^^^^^^^^\n"
	if got != want {
		t.Errorf("Render: got\n%swant\n%s", got, want)
	}
}

func TestRenderCutsLongLines(t *testing.T) {
	text := strings.Repeat("a and ", 100) + "!" + strings.Repeat(" and b", 100)
	_, err := Parse(text, ParseOptions{})
	lines := strings.Split(err.(ErrorList).Render("", text, Pos{}), "\n")
	if len(lines[1]) > maxExcerpt+10 {
		t.Errorf("Render: line of %d bytes", len(lines[1]))
	}
	if at := strings.IndexByte(lines[2], '^'); []rune(lines[1])[at] != '!' {
		t.Errorf("Render: caret at %d:\n%s\n%s", at, lines[1], lines[2])
	}
}

func TestRanges(t *testing.T) {
	text := `a and proc.aname[2] in (x, "y z") or not b`
	n, err := Parse(text, ParseOptions{Base: 100})
	if err != nil {
		t.Fatal(err)
	}
	at := func(r Range) string { return text[r.Start-100 : r.End-100] }
	or := n.(*Or)
	test := or.Kids[0].(*And).Kids[1].(*Test)
	for _, c := range []struct{ got, want string }{
		{at(or.R), text},
		{at(test.R), `proc.aname[2] in (x, "y z")`},
		{at(test.Left.Range()), "proc.aname[2]"},
		{at(test.OpR), "in"},
		{at(test.Right.Range()), `(x, "y z")`},
		{at(Texts(test.Right)[1].R), `"y z"`},
		{at(or.Kids[1].Range()), "not b"},
	} {
		if c.got != c.want {
			t.Errorf("Range: got %s, want %s", c.got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`a or (b) and not(c)`, `a.b[""] in ("x\x5c", 'y', z)`, `a.b = oneof (a, b) or c`,
		`join("-", (a.b, len(c.d), 'x', 5))[q] >= -1.5e+3`, `a.b = val(c.d[1]) and e.f exists`,
		"((((((a))))))", `a.b = "\ \\\"\x00"`, `a.b contains anyof x`, `not not  not(a)`,
		`not (not a)`, `not (not (not a))`, `(not)and not`, `not(not)or a`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text, ParseOptions{})
		if err != nil {
			if out := err.(ErrorList).Render("f", text, Pos{}); out == "" {
				t.Error("an error that renders to nothing")
			}
			return
		}
		checkRoundTrip(t, n)
	})
}
