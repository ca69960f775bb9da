// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/schema"
)

// With all rules of the corpus loaded, a rule more that needs a system call which
// none of them names changes the plan by that call and by nothing else.
func TestOneMoreSyscall(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t), "corpus", "rules", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("corpus rules: %v, %v", files, err)
	}
	var texts []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	before := Compute(Input{Rules: load(t, texts...), Arch: schema.X8664})
	for sc, nr := range map[schema.SC]int{schema.SCSysinfo: 99, schema.SCMlock: 149, schema.SCIoUringEnter: 426, schema.SCSwapon: 167} {
		if before.Selected.Has(sc) {
			t.Errorf("%s is selected without a rule of its own", sc)
		}
		condition := "evt.type = " + sc.Info().Name + " and proc.name = x"
		after := Compute(Input{Rules: load(t, append(slices.Clone(texts), rule("one more", condition))...), Arch: schema.X8664})
		if diff := cmp.Diff([]string{sc.Info().Name}, Names(after.Selected.Minus(before.Selected))); diff != "" {
			t.Errorf("%s: added (-want +got):\n%s", sc, diff)
		}
		if gone := Names(before.Selected.Minus(after.Selected)); len(gone) > 0 {
			t.Errorf("%s: removed %v", sc, gone)
		}
		want := before.Kernel.Native
		want[nr/64] |= 1 << (nr % 64)
		if after.Kernel.Native != want || after.Kernel.Tracepoints != before.Kernel.Tracepoints {
			t.Errorf("%s: the kernel's mask changes by more than bit %d", sc, nr)
		}
	}
}
