// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
)

// BenchmarkReplay replays each capture of the corpus by the built agent, and
// inflates the same file with gzip in the same loop. Per capture and rule set it
// reports
//
//	x-gzip        CPU seconds (user and system) of the agent, start-up included, by those of gzip
//	x-gzip-net    the same without start-up, which is what a capture with hardly any events takes
//	s-agent       CPU seconds of the agent
//	s-gzip        CPU seconds of gzip
//	x-reference   x-gzip by that of the reference implementation, of which corpus/calibration.md tells
//	MB-peak       largest resident memory of the agent, in 2^20 bytes
//	MB-reference  that of the reference implementation
//
// the times as medians of all rounds, in the manner of calibration.md. With the stable and
// incubating rules x-reference is to be 0.8 at most on web, and 0.6 on the others.
func BenchmarkReplay(b *testing.B) {
	corpus := filepath.Join(sharedtest.Dir(b), "corpus")
	bin := filepath.Join(b.TempDir(), "agent")
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/agent").CombinedOutput(); err != nil {
		b.Fatalf("build the agent: %v\n%s", err, out)
	}
	reference := calibration(b, filepath.Join(corpus, "calibration.md"))
	stable := filepath.Join(corpus, "rules", "falco_rules.yaml")
	sets := []struct {
		name  string
		files []string
	}{
		{"stable", []string{stable}},
		{"stable_incubating", []string{stable, filepath.Join(corpus, "rules", "falco-incubating_rules.yaml")}},
	}
	for _, set := range sets {
		args := []string{"run", "-o", "json_output=true"}
		for _, f := range set.files {
			args = append(args, "-r", f)
		}
		for _, capture := range []string{"admin", "attack", "web", "build"} {
			b.Run(capture+"/"+set.name, func(b *testing.B) {
				ratio := benchReplay(b, bin, args, filepath.Join(corpus, "captures"), capture)
				ref := reference[capture][set.name]
				b.ReportMetric(ratio/ref.ratio, "x-reference")
				b.ReportMetric(ref.peak, "MB-reference")
			})
		}
	}
}

// measured is what the reference implementation took: CPU seconds by those of
// gzip, and MiB.
type measured struct{ ratio, peak float64 }

// calibration reads the rows of the captures in the table, and their cells for the two
// rule sets, the first ones behind that of gzip: "0.245 (2.5, 26 MB)".
func calibration(b *testing.B, name string) map[string]map[string]measured {
	b.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (\w+) \| ([\d.]+) \| ([\d.]+) \([\d.]+, (\d+) MB\) \| ([\d.]+) \([\d.]+, (\d+) MB\)`)
	out := map[string]map[string]measured{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		n := make([]float64, len(m))
		for i := 2; i < len(m); i++ {
			if n[i], err = strconv.ParseFloat(m[i], 64); err != nil {
				b.Fatalf("%s: %v", name, err)
			}
		}
		out[m[1]] = map[string]measured{"stable": {n[3] / n[2], n[4]}, "stable_incubating": {n[5] / n[2], n[6]}}
	}
	return out
}

// benchReplay returns the CPU seconds of the agent by those of gzip.
func benchReplay(b *testing.B, bin string, args []string, dir, capture string) (ratio float64) {
	file := filepath.Join(dir, capture+".scap")
	var agent, gzip, start []time.Duration
	peak := int64(0)
	const rounds = 5
	for b.Loop() {
		for range rounds {
			cpu, rss := spent(b, bin, append(args, "-e", file))
			agent, peak = append(agent, cpu), max(peak, rss)
			cpu, _ = spent(b, "gzip", []string{"-dc", file})
			gzip = append(gzip, cpu)
			cpu, _ = spent(b, bin, append(args, "-e", filepath.Join(dir, "curl_google.scap")))
			start = append(start, cpu)
		}
	}
	a, g, s := median(agent), median(gzip), median(start)
	b.ReportMetric(a/g, "x-gzip")
	b.ReportMetric((a-s)/g, "x-gzip-net")
	b.ReportMetric(a, "s-agent")
	b.ReportMetric(g, "s-gzip")
	b.ReportMetric(float64(peak)/(1<<20), "MB-peak")
	b.ReportMetric(0, "ns/op")
	return a / g
}

// spent runs a command and returns its CPU time and its largest resident memory.
func spent(b *testing.B, bin string, args []string) (cpu time.Duration, rss int64) {
	b.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v", bin, err)
	}
	st := cmd.ProcessState
	if usage, ok := st.SysUsage().(*syscall.Rusage); ok {
		rss = usage.Maxrss << 10
	}
	return st.UserTime() + st.SystemTime(), rss
}

func median(list []time.Duration) float64 {
	slices.Sort(list)
	return list[len(list)/2].Seconds()
}
