// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
)

// variantDeviations are variants whose alerts differ from those of the reference, with
// the reason. There are none.
var variantDeviations = map[string]string{}

// TestVariants runs the command with options of the reference, as a shell takes
// them, and wants what the reference writes, to the last byte.
func TestVariants(t *testing.T) {
	corpus := filepath.Join(sharedtest.Dir(t), "corpus")
	files, err := filepath.Glob(filepath.Join(corpus, "variants", "*.args"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no variants: %v", err)
	}
	agent := buildAgent(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".args")
		t.Run(name, func(t *testing.T) {
			if reason := variantDeviations[name]; reason != "" {
				t.Skip(reason)
			}
			compareLines(t, file[:len(file)-len(".args")]+".txt", runVariant(t, agent, corpus, file))
		})
	}
}

func runVariant(t *testing.T, agent, corpus, file string) []byte {
	t.Helper()
	args, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	capture, _, _ := strings.Cut(filepath.Base(file), "__")
	more := strings.TrimSpace(string(args))
	if more == "''" {
		more = ""
	}
	cmd := exec.Command("sh", "-c", `"$0" run "$@" `+more, agent,
		"-e", filepath.Join(corpus, "captures", capture+".scap"),
		"-r", filepath.Join(corpus, "rules", "falco_rules.yaml"),
		"-r", filepath.Join(corpus, "rules", "falco-incubating_rules.yaml"))
	cmd.Env = append(os.Environ(), "TZ=UTC", "FALCO_HOSTNAME=db1", "EYAS_CONFIG=")
	cmd.Stderr = &strings.Builder{}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", more, err, cmd.Stderr)
	}
	return out
}

// buildAgent builds the command.
func buildAgent(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "agent")
	if out, err := exec.Command("go", "build", "-o", file, "../../cmd/agent").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

func compareLines(t *testing.T, golden string, out []byte) {
	t.Helper()
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want, got := strings.SplitAfter(string(text), "\n"), strings.SplitAfter(string(out), "\n")
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Fatalf("line %d (-want +got):\n%s", i+1, cmp.Diff(want[i], got[i]))
		}
	}
	if len(want) != len(got) {
		t.Errorf("got %d lines, want %d", len(got), len(want))
	}
}
