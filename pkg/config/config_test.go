// SPDX-License-Identifier: Apache-2.0

package config

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestDefaultGolden(t *testing.T) {
	const golden = "testdata/default.toml"
	got := Default().TOML()
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the defaults are not those of %s (go test -update writes it):\n%s", golden, diff)
	}
}

func TestDefaultReadsBack(t *testing.T) {
	got, err := Load(Input{Name: "default", Text: Default().TOML()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got); diff != "" {
		t.Error(diff)
	}
}

// Every key has one sentence.
func TestSentences(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(s reflect.Type) {
		for i := range s.NumField() {
			f := s.Field(i)
			if doc := f.Tag.Get("comment"); !strings.HasSuffix(doc, ".") || f.Tag.Get("toml") == "" {
				t.Errorf("%s.%s: sentence %q, key %q", s.Name(), f.Name, doc, f.Tag.Get("toml"))
			}
			elem := f.Type
			if elem.Kind() == reflect.Slice {
				elem = elem.Elem()
			}
			if elem.Kind() == reflect.Struct && elem != reflect.TypeFor[ExtraField]() {
				walk(elem)
			}
		}
	}
	walk(reflect.TypeFor[Config]())
}

func TestLoad(t *testing.T) {
	env := map[string]string{
		"ON": "true", "SIZE": "1048576", "DIR": "/srv/${NAME}", "NAME": "eyas", "NUMBER": "4",
	}
	tests := []struct {
		name, text string
		overrides  []string
		want       func(*Config)
	}{
		{name: "empty file", text: "version = 1", want: func(*Config) {}},
		{name: "a key of each type", text: `version = 1
			priority = "warning"
			json_output = true
			rules_files = ["a", "b"]
			[driver]
			ring_bytes = 1_048_576
			snaplen = 0x100`,
			want: func(c *Config) {
				c.Priority, c.JSONOutput, c.RulesFiles = "warning", true, []string{"a", "b"}
				c.Driver.RingBytes, c.Driver.Snaplen = 1<<20, 256
			}},
		{name: "dotted and inline", text: "version = 1\ndriver.snaplen = 1\nfile_output = {enabled = true, filename = 'x'}",
			want: func(c *Config) { c.Driver.Snaplen = 1; c.FileOutput = FileOutput{Enabled: true, Filename: "x"} }},
		{name: "environment", text: `version = 1
			json_output = "${ON}"
			rules_files = ["${DIR}/rules", "$${DIR}", "$NAME", "${UNSET}", "${", "$${", "a${NAME}b${NAME}c"]
			driver.ring_bytes = "${SIZE}"`,
			want: func(c *Config) {
				c.JSONOutput, c.Driver.RingBytes = true, 1<<20
				c.RulesFiles = []string{"/srv/eyas/rules", "${DIR}", "$NAME", "", "${", "${", "aeyasbeyasc"}
			}},
		{name: "overrides beat the file", text: "version = 1\njson_output = false",
			overrides: []string{"json_output=true", "driver.snaplen=7", "priority=a=b", "priority=info"},
			want:      func(c *Config) { c.JSONOutput, c.Driver.Snaplen, c.Priority = true, 7, "info" }},
		{name: "overrides of lists", text: "version = 1\nrules_files = ['a', 'b']",
			overrides: []string{"rules_files[1]=B", "rules_files[]=c", "rules_files[3]=d", `base_syscalls.custom_set[]=!read`},
			want: func(c *Config) {
				c.RulesFiles, c.BaseSyscalls.CustomSet = []string{"a", "B", "c", "d"}, []string{"!read"}
			}},
		{name: "overrides extend the defaults", overrides: []string{`rules_files[]=x`},
			want: func(c *Config) { c.RulesFiles = append(c.RulesFiles, "x") }},
		{name: "choices and additions", text: `version = 1
			rules = [{disable.rule = "*"}, {enable = {tag = "net"}}]
			[[append_output]]
			match = {source = "syscall", tags = ["a", "b"], rule = "r"}
			extra_output = "x=%proc.name"
			extra_fields = ["proc.exe", {"my.key" = "%proc.pid!"}]`,
			want: func(c *Config) {
				c.Rules = []RuleChoice{{Disable: RuleMatch{Rule: "*"}}, {Enable: RuleMatch{Tag: "net"}}}
				c.AppendOutput = []OutputAddition{{
					Match:       OutputMatch{Source: "syscall", Tags: []string{"a", "b"}, Rule: "r"},
					ExtraOutput: "x=%proc.name", ExtraFields: []ExtraField{{Name: "proc.exe"}, {"my.key", "%proc.pid!"}},
				}}
			}},
		{name: "additions by override", overrides: []string{
			"append_output[0].suggested_output=false", "append_output[].extra_output=a=%proc.name", "append_output[0].extra_fields[0].k=%proc.pid",
			"append_output[0].extra_fields[1]=proc.exe", "rules[].enable.rule=*"},
			want: func(c *Config) {
				c.AppendOutput = []OutputAddition{{ExtraFields: []ExtraField{{"k", "%proc.pid"}, {Name: "proc.exe"}}}, {ExtraOutput: "a=%proc.name"}}
				c.Rules = []RuleChoice{{Enable: RuleMatch{Rule: "*"}}}
			}},
		{name: "backslashes", overrides: []string{`js\on_output=true`, `priority=war\n`, `priority=Warning`},
			want: func(c *Config) { c.JSONOutput, c.Priority = true, "Warning" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := Input{Name: "c.toml", Overrides: tt.overrides, Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }}
			if tt.text != "" {
				in.Text = []byte(tt.text)
			}
			got, err := Load(in)
			if err != nil {
				t.Fatal(err)
			}
			want := Default()
			tt.want(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	tests := []struct {
		name, text string
		overrides  []string
		want       string
	}{
		{"syntax", "version = 1\npriority = \n", nil, "c.toml:2:12: "},
		{"syntax after a mark", "\xef\xbb\xbfversion = 1\npriority = \n", nil, "c.toml:2:12: "},
		{"end of the file", "version = ", nil, "c.toml:1:10: "},
		{"not UTF-8", "version = 1\npriority = '\xff'\n", nil, "c.toml:2:12: "},
		{"too many dots", "version = 1\n" + strings.Repeat("a.", maxNesting) + "a = 1", nil, "c.toml:2:65: keys and values nest deeper than 32"},
		{"too deep", "version = 1\na = " + strings.Repeat("[", maxNesting+2), nil, "c.toml:2:1: keys and values nest deeper than 32"},
		{"too long", strings.Repeat("#", maxDocument+1), nil, "c.toml: 65537 bytes: want at most 65536"},
		{"twice", "version = 1\nversion = 1\n", nil, "c.toml:2:1: "},
		{"no version", "json_output = true", nil, "c.toml:1:1: version is missing: begin the file with version = 1"},
		{"version as a text", "version = '1'", nil, "c.toml:1:1: version is a whole number, not a text"},
		{"other version", "version = 2", nil, "c.toml:1:1: version is 2: this agent reads version 1"},
		{"unknown key", "version = 1\n\njson_ouput = true", nil,
			"c.toml:3:1: unknown key json_ouput (did you mean json_output?)"},
		{"unknown key in a table", "version = 1\n[driver]\n  snap_len = 3", nil,
			"c.toml:3:3: unknown key driver.snap_len (did you mean snaplen?)"},
		{"unknown table", "version = 1\n[driver.kmod]", nil, "c.toml:2:9: unknown key driver.kmod"},
		{"unknown list of tables", "version = 1\n[[plugin]]\na = 1", nil, "c.toml:2:3: unknown key plugin"},
		{"text for a switch", "version = 1\njson_output = 'true'", nil, "c.toml:2:1: json_output is true or false, not a text"},
		{"number for a text", "version = 1\npriority = 4", nil, "c.toml:2:1: priority is a text, not a whole number"},
		{"float for an integer", "version = 1\ndriver.snaplen = 4.0", nil, "c.toml:2:8: driver.snaplen is a whole number, not a number"},
		{"date", "version = 1\npriority = 2020-01-01", nil, "c.toml:2:1: priority is a text, not a date or time"},
		{"text for a list", "version = 1\nrules_files = 'a'", nil, "c.toml:2:1: rules_files is a list, not a text"},
		{"list of the wrong", "version = 1\nrules_files = ['a', 3]", nil, "c.toml:2:1: rules_files[1] is a text, not a whole number"},
		{"value for a table", "version = 1\ndriver = 3", nil, "c.toml:2:1: driver is a table, not a whole number"},
		{"table for a value", "version = 1\n[priority]\na = 1", nil, "c.toml:2:2: priority is a text, not a table"},
		{"negative", "version = 1\ndriver.snaplen = -1", nil,
			`c.toml:2:8: driver.snaplen is a whole number from 0 to 4294967295, not "-1"`},
		{"too large", "version = 1\ndriver.snaplen = 4294967296", nil,
			`c.toml:2:8: driver.snaplen is a whole number from 0 to 4294967295, not "4294967296"`},
		{"bad values", "version = 1\npriority = 'urgent'\nrule_matching = 'some'\nlog_level = ''\n" +
			"[driver]\nring_bytes = 100_000\nsnaplen = 70_000\ndevice = 'eyas'\n[outputs_queue]\ncapacity = 0\n[file_output]\nenabled = true\n" +
			"[program_output]\nenabled = true\n[http_output]\nenabled = true\nmtls = true\ntimeout_ms = 0", nil,
			`c.toml:2:1: unknown priority "urgent": want one of emergency, alert, critical, error, warning, notice, informational, debug
c.toml:3:1: rule_matching is "some": want one of first, all
c.toml:4:1: log_level is "": want one of error, warning, info, debug
c.toml:6:1: driver.ring_bytes is 100000: want a power of two of at least 524288
c.toml:7:1: driver.snaplen is 70000: want at most 65000
c.toml:8:1: driver.device is "eyas": want an absolute path
c.toml:10:1: outputs_queue.capacity is 0: want at least 1
c.toml:12:1: file_output is enabled without a filename
c.toml:14:1: program_output is enabled without a program
c.toml:16:1: http_output is enabled without a url
c.toml:17:1: http_output.mtls needs client_cert and client_key
c.toml:18:1: http_output.timeout_ms is 0: want at least 1`},
		{"bad captures", "version = 1\n[capture]\nmode = 'some'\npath_prefix = 'x/'\nbefore_duration = 600_001\n" +
			"max_file_size_mb = 1048577\nmax_running = 0\nbuffer_bytes = 1\n", nil,
			`c.toml:3:1: capture.mode is "some": want one of rules, all_rules
c.toml:4:1: capture.path_prefix is "x/": want an absolute path and the beginning of a name
c.toml:5:1: capture.before_duration is 600001: want at most 600000
c.toml:6:1: capture.max_file_size_mb is 1048577: want at most 1048576
c.toml:7:1: capture.max_running is 0: want at least 1
c.toml:8:1: capture.buffer_bytes is 1: want at least 1048576`},
		{"fewer captures than run", "", []string{"capture.max_files=3"}, "-o capture.max_files=3: capture.max_files is 3: want 0, or at least max_running, which is 4"},
		{"variables without end", "version = 1\npriority = '${LOOP}'", nil, `c.toml:2:1: variables name each other without end in "${LOOP}"`},
		{"variables that grow", "version = 1\npriority = '${A0}'", nil, `c.toml:2:1: variables name each other without end in "${A0}"`},
		{"choice of nothing", "version = 1\nrules = [{}]", nil, "c.toml:2:1: rules[0]: want enable or disable, with a rule or a tag"},
		{"choice of both", "version = 1\nrules = [{enable.rule = 'a', disable.tag = 'b'}]", nil, "c.toml:2:1: rules[0]: want enable or disable"},
		{"unknown key of a choice", "", []string{"rules[].enable.name=a"}, "-o rules[].enable.name=a: unknown key rules[0].enable.name"},
		{"bad addition", "", []string{"append_output[].extra_output=%proc.nam"}, "-o append_output[].extra_output=%proc.nam: append_output[1].extra_output: unknown field proc.nam (did you mean proc.name?)"},
		{"bad extra field", "", []string{"append_output[0].extra_fields[]=proc.nam"}, "-o append_output[0].extra_fields[]=proc.nam: append_output[0].extra_fields[0]: unknown field proc.nam"},
		{"extra field with two names", "version = 1\nappend_output = [{extra_fields = [{a = 'x', b = 'y'}]}]", nil, "c.toml:2:19: append_output[0].extra_fields[0] has 2 keys: want one name with its output"},
		{"extra field without a name", "version = 1\nappend_output = [{extra_fields = [3]}]", nil, "c.toml:2:19: append_output[0].extra_fields[0] is the name of a field, or a name with its output; not a whole number"},
		{"override without value", "", []string{"json_output"}, "-o json_output: want key=value"},
		{"override of nothing", "", []string{"=1"}, "-o =1: want a key like a.b[0].c"},
		{"override of a bad key", "", []string{"a..b=1"}, "-o a..b=1: want a key like a.b[0].c"},
		{"override ends in a dot", "", []string{"a.=1"}, "-o a.=1: want a key like a.b[0].c"},
		{"override of a bad index", "", []string{"rules_files[x]=1"}, "-o rules_files[x]=1: want a key like a.b[0].c"},
		{"override of a list", "", []string{"rules_files=1"},
			"-o rules_files=1: rules_files is a list: use rules_files[]=… to add to it, or rules_files[0]=… to change one"},
		{"override far away", "", []string{"rules_files[7]=1"}, "-o rules_files[7]=1: index 7 of a list of 1"},
		{"override below a value", "", []string{"priority.x=1"}, "-o priority.x=1: priority is a text, not a table"},
		{"override of an unknown key", "", []string{"jsn_output=1"}, "-o jsn_output=1: unknown key jsn_output (did you mean json_output?)"},
		{"override of the wrong type", "", []string{"json_output=1"}, `-o json_output=1: json_output is true or false, not "1"`},
		{"override beyond what TOML has", "", []string{"driver.ring_bytes=9223372036854775808"},
			`-o driver.ring_bytes=9223372036854775808: driver.ring_bytes is a whole number from 0, not "9223372036854775808"`},
		{"override of a bad value", "", []string{"priority=x"}, `-o priority=x: unknown priority "x": want one of`},
	}
	env := func(name string) (string, bool) {
		if strings.HasPrefix(name, "A") {
			return strings.Repeat("${"+name+"x}", 9), true
		}
		return "${LOOP}", true
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := Input{Name: "c.toml", Overrides: tt.overrides, Env: env}
			if tt.text != "" {
				in.Text = []byte(tt.text)
			}
			_, err := Load(in)
			if err == nil || !IsInvalid(err) || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestErrorsAreBounded(t *testing.T) {
	_, err := Load(Input{Name: "c.toml", Text: []byte("version = 1\n[x]\n" + strings.Repeat("[[y]]\n", 10) + manyKeys(100))})
	if list, ok := err.(ErrorList); !ok || len(list) != maxErrors {
		t.Errorf("got %d errors: %v", len(list), err)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("[z" + strings.Repeat("z", i) + "]\n")
	}
	return b.String()
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte("version = 1\n[driver]\nsnaplen = 3\n"), "a.b[0].c=1")
	f.Add(Default().TOML(), "rules_files[]=x")
	f.Add([]byte("version = 1\n"), "log_level=info")
	f.Add([]byte("version = 1\n"), "rules_files[0]=a\n# b")
	f.Add([]byte("version = 1\n"), "rules_files[0]=$${${}")
	f.Add([]byte("version = 1\nrules = [{enable.rule = 'a'}]\n"), "append_output[0].extra_fields[].k=%proc.name")
	f.Add([]byte("version = 1\n[[a]]\nb.'c' = [{d = \"\"\"\n\"\"\"\"}] # e = 1\n"), "a[]=b")
	f.Fuzz(func(t *testing.T, text []byte, option string) {
		checkScanner(t, string(text))
		c, err := Load(Input{Name: "c.toml", Text: text, Overrides: []string{option}, Env: func(n string) (string, bool) { return "${" + n + "}", true }})
		if err != nil {
			return
		}
		again, err := Load(Input{Name: "again", Text: c.TOML()})
		if err != nil {
			t.Fatalf("the printed configuration is refused: %v\n%s", err, c.TOML())
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Fatalf("the printed configuration is another one:\n%s", diff)
		}
	})
}

// Falco's own file is told what it is not.
func TestYAML(t *testing.T) {
	_, err := Load(Input{Name: "falco.yaml", Text: []byte("rules_files:\n  - /etc/falco/falco_rules.yaml\n")})
	if err == nil || !strings.HasPrefix(err.Error(), "falco.yaml:1:12: ") || !strings.Contains(err.Error(), "a configuration is TOML") {
		t.Errorf("got %v", err)
	}
}

// Every key of Falco's configuration is one here too, or is told what to do instead.
func TestEveryFalcoKey(t *testing.T) {
	var facts struct{ Keys map[string]any }
	sharedtest.JSON(t, "facts/falco-config.json", &facts)
	defaults, err := parse("", Default().TOML())
	if err != nil {
		t.Fatal(err)
	}
	for path := range facts.Keys {
		n, at := defaults, ""
		for _, key := range strings.Split(path, ".") {
			if at = join(at, key); insteadOf(at) != "" || strings.HasSuffix(key, "[]") {
				break // elements of lists have tests of their own
			}
			if n = n.get(key); n == nil {
				t.Errorf("%s: neither known nor told what to do instead", path)
				break
			}
		}
	}
	if len(facts.Keys) < 100 {
		t.Errorf("%d keys", len(facts.Keys))
	}
}
