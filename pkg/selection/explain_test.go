// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// corpus is the official rules, all files on top of each other.
func corpus(t *testing.T) []*rules.Rule {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t), "corpus", "rules", "*.yaml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("rules of the corpus: %q, %v", files, err)
	}
	var texts []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return load(t, texts...)
}

// TestExplainNamesRules holds for every call of the plan: explain names exactly the rules that need it, each alone
// puts it in, and without them it is gone unless the state keeps it.
func TestExplainNamesRules(t *testing.T) {
	active := corpus(t)
	p := Compute(Input{Rules: active, All: true})
	kept := schema.StateSCs(schema.X8664)
	kept.Add(schema.SCSchedProcessExit)
	alone := map[*rules.Rule]schema.SCSet{}
	for _, r := range active {
		alone[r] = Compute(Input{Rules: []*rules.Rule{r}}).Rules
	}
	named := 0
	for sc := range p.Selected.All() {
		members, err := p.Explain(sc.String())
		if err != nil || len(members) == 0 {
			t.Fatalf("explain %s: %v", sc, err)
		}
		var want, got []string
		var others []*rules.Rule
		for _, r := range active {
			if alone[r].Has(sc) {
				want = append(want, r.Name)
			} else {
				others = append(others, r)
			}
		}
		for _, m := range members {
			for _, why := range m.In {
				if why.Kind == ByRule && !slices.Contains(got, why.Rule) && p.explains(why, sc) {
					got = append(got, why.Rule)
				}
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rules that need %s (-want +explained):\n%s", sc, diff)
		}
		if without := Compute(Input{Rules: others, All: true}); without.Selected.Has(sc) != kept.Has(sc) {
			t.Errorf("%s without its rules: selected %v, kept by state %v", sc, without.Selected.Has(sc), kept.Has(sc))
		}
		named += len(got)
	}
	if named < 100 {
		t.Errorf("%d reasons in all: that is not the corpus", named)
	}
}

// explains tells whether a reason of a name is one of this code: names may stand for several codes.
func (p *Plan) explains(why Reason, sc schema.SC) bool {
	return slices.ContainsFunc(p.Reasons[sc], func(r Reason) bool { return cmp.Equal(r, why) })
}

func TestExplain(t *testing.T) {
	active := load(t, rule("a", "evt.type = openat and fd.name = /x"), rule("b", "evt.type in (sendmsg, mkdir) and fd.sip = 1.2.3.4"), rule("c", "evt.type = read"))
	p := Compute(Input{Rules: active, Custom: []string{"!connect"}})
	members, err := p.Explain("openat", "connect", "read", "mkdir", "nanosleep", "exit")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := WriteMembers(&b, members); err != nil {
		t.Fatal(err)
	}
	want := `connect: not recorded
  negated          taken out by a name with ! in base_syscalls.custom_set
  would keep true  fd.sip (1): fields, and how many rules read them
exit: not recorded
  no_exit          never returns, and calls are recorded when they return
  unneeded         no rule, no part of the base set and no entry of base_syscalls asks for it
mkdir: recorded, for a single rule
  rule             b (test.yaml:1)
openat: recorded
  rule             a (test.yaml:1)
  state            needed to know the processes and descriptors of the host
nanosleep: not recorded
  unneeded         no rule, no part of the base set and no entry of base_syscalls asks for it
read: not recorded
  rule             c (test.yaml:1); it cannot match on this call
  high_volume      left out because of its rate; -A or base_syscalls.all records it
`
	if got := b.String(); sortedBlocks(got) != sortedBlocks(want) {
		t.Errorf("explain:\n%s", cmp.Diff(want, got))
	}
	var unknown *UnknownCallError
	if _, err := p.Explain("opena"); !errors.As(err, &unknown) || unknown.Suggestion == "" {
		t.Errorf("explain opena: %v, want an error with a suggestion", err)
	}
}

// TestExplainAliases: a name of another system is explained with all codes of its event, and a number of the custom set too.
func TestExplainAliases(t *testing.T) {
	p := Compute(Input{Custom: []string{"fcntl", "#500"}})
	members, err := p.Explain("fcntl64", "sendfile64", "#500", "#499", "#500")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := WriteMembers(&b, members); err != nil {
		t.Fatal(err)
	}
	const unneeded = "  unneeded         no rule, no part of the base set and no entry of base_syscalls asks for it\n"
	const custom = "  custom           named in base_syscalls.custom_set\n"
	want := "fcntl: recorded\n" + custom + "sendfile: not recorded\n" + unneeded + "#499: not recorded\n" + unneeded + "#500: recorded\n" + custom
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("explain (-want +got):\n%s", diff)
	}
	if members, err = p.Explain(); err != nil || members[len(members)-1].Name != "#500" {
		t.Errorf("explain without names leaves the number out: %+v, %v", members, err)
	}
	if _, err := p.Explain("#3"); err == nil {
		t.Error("a number that has a name is explained")
	}
}

// TestExplainCost: a running agent explains its whole plan whenever it is asked how it is doing. Every call is named once.
func TestExplainCost(t *testing.T) {
	p := Compute(Input{All: true})
	allocs := testing.AllocsPerRun(5, func() {
		if _, err := p.Explain(); err != nil {
			t.Fatal(err)
		}
	})
	if most := float64(10 * p.Selected.Len()); allocs > most {
		t.Errorf("%v allocations to explain %d calls, want at most %v", allocs, p.Selected.Len(), most)
	}
}

// sortedBlocks makes the order of the calls not matter.
func sortedBlocks(text string) string {
	blocks := strings.Split(strings.ReplaceAll(text, "\n  ", "\r"), "\n")
	slices.Sort(blocks)
	return strings.Join(blocks, "\n")
}

func TestDiff(t *testing.T) {
	arch := schema.X8664
	p := Compute(Input{Rules: load(t, rule("a", "evt.type = mkdir")), Custom: []string{"close"}})
	tests := []struct {
		name string
		now  []schema.SC
		want Difference
	}{
		{"equal", []schema.SC{schema.SCMkdir, schema.SCClose, schema.SCSchedProcessExit}, Difference{Equal: true}},
		{"other", []schema.SC{schema.SCMkdir, schema.SCRmdir}, Difference{Added: []string{"close", "procexit"}, Removed: []string{"rmdir"}}},
	}
	for _, tt := range tests {
		got := p.Diff(schema.KernelMask(schema.SCsOf(tt.now...), arch))
		if !slices.Equal(got.Added, tt.want.Added) || !slices.Equal(got.Removed, tt.want.Removed) || got.Equal != tt.want.Equal {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
