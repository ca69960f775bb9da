// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/state"
)

// requireDevice skips where there is no module. EYAS_REQUIRE=1, as the guests
// set it, makes that a failure.
func requireDevice(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/dev/eyas"); err == nil {
		return
	}
	if os.Getenv("EYAS_REQUIRE") == "1" {
		t.Fatal("no /dev/eyas, and EYAS_REQUIRE=1")
	}
	t.Skip("no /dev/eyas: needs the module; make vm-test runs this in a guest")
}

// stormScript keeps starting processes and opening files for as long as the file
// $1 is there, and leaves some processes behind that hold files open. Every 20
// rounds it adds a byte to $2.
const stormScript = `
n=0
while [ -e "$1" ]; do
	(cd /tmp; exec 3</etc/passwd 4>/dev/null; : <&3; exec 4>&-)
	n=$((n + 1))
	if [ $((n % 20)) = 0 ]; then
		sleep 1000 5</etc/passwd 6>/dev/null &
		echo >>"$2"
	fi
done
wait
`

// TestStorm starts to watch in the middle of a storm of forks and opens. When the
// storm is over, the picture must be that of /proc: the same threads with the
// same names, parents and places, and the same descriptors.
func TestStorm(t *testing.T) {
	requireDevice(t)
	flag := filepath.Join(t.TempDir(), "storm")
	rounds := flag + ".rounds"
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var shells []*exec.Cmd
	for range 4 {
		cmd := exec.Command("sh", "-c", stormScript, "storm", flag, rounds)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		shells = append(shells, cmd)
	}
	defer stopStorm(t, shells)
	p, stop := startPipeline(t)
	awaitStorm(t, rounds)
	if err := os.Remove(flag); err != nil {
		t.Fatal(err)
	}
	truth := settled(t)
	stop()
	compareStates(t, truth, p.state)
	st := p.state.Stats()
	t.Logf("%d events, %d threads, %d descriptors; %+v", p.num, st.Threads, st.FDs, st)
	if p.num < 1000 {
		t.Errorf("%d events: that was no storm", p.num)
	}
}

// awaitStorm lets the storm go on for five seconds, and on a slow machine for as
// long as some hundreds of rounds take.
func awaitStorm(t *testing.T, rounds string) {
	t.Helper()
	const enough, longest = 20, 3 * time.Minute
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for begun := time.Now(); ; <-look.C {
		st, err := os.Stat(rounds)
		if time.Since(begun) > 5*time.Second && err == nil && st.Size() >= enough {
			return
		}
		if time.Since(begun) > longest {
			t.Fatalf("after %v there was no storm: %v", longest, err)
		}
	}
}

func stopStorm(t *testing.T, shells []*exec.Cmd) {
	if err := exec.Command("killall", "sleep").Run(); err != nil {
		t.Errorf("killall sleep: %v", err)
	}
	for _, cmd := range shells {
		if err := cmd.Wait(); err != nil {
			t.Errorf("storm: %v", err)
		}
	}
}

// startPipeline watches without rules until stop is called.
func startPipeline(t *testing.T) (p *pipeline, stop func()) {
	t.Helper()
	cfg := config.Default()
	log := logrus.New()
	log.SetOutput(io.Discard)
	outputs, err := output.New(output.Options{Capacity: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := openSession(cfg, Plan(cfg, nil).Kernel)
	if err != nil {
		t.Fatal(err)
	}
	p, err = newPipeline(Options{Rules: &RuleSet{}, Log: log, Proc: "/proc", Etc: "/etc"}, engine.First, outputs, s.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.live(ctx, s) }()
	return p, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if stats := s.Stats(); stats.Lost.Sum()+stats.SeqGaps > 0 {
			t.Errorf("events were lost: %+v", stats.Counts)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// settled scans /proc until two scans in a row agree: the storm is over.
func settled(t *testing.T) *state.State {
	t.Helper()
	var last []string
	for range 100 {
		s := state.New(state.Options{Proc: "/proc", Etc: "/etc"})
		if err := s.ScanProc(""); err != nil {
			t.Fatal(err)
		}
		now := picture(s)
		if slices.Equal(now, last) {
			return s
		}
		last = now
		pause := time.NewTimer(300 * time.Millisecond)
		<-pause.C
	}
	t.Fatal("/proc does not come to rest")
	return nil
}

// picture lists what a state knows, a line for each thread and descriptor, but of
// user threads other than our own.
func picture(s *state.State) []string {
	var lines []string
	self := int64(os.Getpid())
	s.Threads(func(th *state.Thread) bool {
		if th.PID == self || th.PID == 2 || th.PTID == 2 {
			return true
		}
		lines = append(lines, fmt.Sprintf("%d: pid %d ppid %d comm %q exe %q exepath %q args %q cwd %q uid %d gid %d sid %d pgid %d",
			th.TID, th.PID, th.PPID(), th.Comm, th.Exe, th.ExePath, th.Args, th.Cwd, th.UID, th.GID, th.SID, th.PGID))
		if th.IsMain() {
			for fd := range th.FDs() {
				lines = append(lines, fmt.Sprintf("%d: fd %d %v %q", th.TID, fd.Num, fd.Type, fd.Name))
			}
		}
		return true
	})
	slices.Sort(lines)
	return lines
}

func compareStates(t *testing.T, truth, got *state.State) {
	t.Helper()
	want, have := picture(truth), picture(got)
	for _, line := range want {
		if !slices.Contains(have, line) {
			t.Errorf("missing: %s", line)
		}
	}
	for _, line := range have {
		if !slices.Contains(want, line) {
			t.Errorf("not in /proc: %s", line)
		}
	}
}
