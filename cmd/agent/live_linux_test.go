// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// The tests of this file run the agent's binary beside the real module, as
// scripts/vm/test does in each guest. EYAS_AGENT and EYAS_RULES say where they
// are; EYAS_REQUIRE=1 makes their absence a failure.

// patience bounds how long an emulated guest may take for anything.
const patience = 3 * time.Minute

func requireModule(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/dev/eyas"); err == nil && os.Getenv("EYAS_AGENT") != "" {
		return
	}
	if os.Getenv("EYAS_REQUIRE") == "1" {
		t.Fatal("no /dev/eyas or no EYAS_AGENT, and EYAS_REQUIRE=1")
	}
	t.Skip("needs the module and EYAS_AGENT; make vm-test runs this in a guest")
}

// liveAgent is a running agent; alerts are its output lines.
type liveAgent struct {
	cmd     *exec.Cmd
	alerts  chan liveAlert
	readers sync.WaitGroup // of its stdout and stderr
}

type liveAlert struct {
	Rule   string         `json:"rule"`
	Time   time.Time      `json:"time"`
	Fields map[string]any `json:"output_fields"`
	seen   time.Time
}

// startAgent starts "agent run" and waits until it watches.
func startAgent(t *testing.T, args ...string) *liveAgent {
	t.Helper()
	a := &liveAgent{alerts: make(chan liveAlert, 10000)}
	a.cmd = exec.Command(os.Getenv("EYAS_AGENT"), append([]string{"run", "-o", "json_output=true"}, args...)...)
	stdout, err := a.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := a.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.stop(t) })
	watching := make(chan struct{})
	a.readers.Add(2)
	go a.readLog(t, bufio.NewScanner(stderr), watching)
	go a.readAlerts(bufio.NewScanner(stdout))
	select {
	case <-watching:
	case <-time.After(patience):
		t.Fatalf("the agent did not begin to watch within %v", patience)
	}
	return a
}

func (a *liveAgent) readLog(t *testing.T, s *bufio.Scanner, watching chan struct{}) {
	defer a.readers.Done()
	for s.Scan() {
		t.Log("agent: " + s.Text())
		if strings.Contains(s.Text(), "watching") {
			close(watching)
		}
	}
}

func (a *liveAgent) readAlerts(s *bufio.Scanner) {
	defer a.readers.Done()
	defer close(a.alerts)
	for s.Scan() {
		alert := liveAlert{seen: time.Now()}
		if json.Unmarshal(s.Bytes(), &alert) == nil {
			a.alerts <- alert
		}
	}
}

func (a *liveAgent) stop(t *testing.T) {
	if a.cmd.ProcessState != nil {
		return
	}
	if err := a.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Error(err)
	}
	a.readers.Wait()
	if err := a.cmd.Wait(); err != nil {
		t.Errorf("agent: %v", err)
	}
}

// next returns the next alert of a rule.
func (a *liveAgent) next(t *testing.T, rule string) liveAlert {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case alert, ok := <-a.alerts:
			if !ok {
				t.Fatalf("the agent ended before an alert of %q", rule)
			}
			if alert.Rule == rule {
				return alert
			}
		case <-timeout:
			t.Fatalf("no alert of %q within %v", rule, patience)
		}
	}
}

// agentJSON runs a command of the agent that prints one JSON document.
func agentJSON(t *testing.T, v any, args ...string) {
	t.Helper()
	out, err := exec.Command(os.Getenv("EYAS_AGENT"), args...).Output()
	if err != nil {
		t.Fatalf("agent %s: %v", strings.Join(args, " "), err)
	}
	if err := json.Unmarshal(out, v); err != nil {
		t.Fatalf("agent %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

const killRule = `
- rule: Odd signal
  desc: a signal that nothing else sends
  condition: evt.type = kill and evt.arg.sig = SIGXFSZ
  output: pid %proc.pid sent a signal
  priority: NOTICE
`

// TestLiveAlert: on an idle guest one call of one selected kind is an alert
// within 200 ms, and between such calls the agent uses no CPU.
func TestLiveAlert(t *testing.T) {
	requireModule(t)
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte(killRule), 0o644); err != nil {
		t.Fatal(err)
	}
	a := startAgent(t, "-r", rules, "-o", "base_syscalls.custom_set[]=kill")
	signalSelf(t)
	a.next(t, "Odd signal") // from here on it has nothing left to do of its start
	// Single rounds suffer when the host has others to serve than this guest, or when Go's runtime looks after its memory.
	const rounds, enough = 20, 3
	prompt, idle := 0, 0
	for range rounds {
		before := cpuTicks(t, a.cmd.Process.Pid)
		<-time.After(2 * time.Second)
		used := cpuTicks(t, a.cmd.Process.Pid) - before
		sent := time.Now()
		signalSelf(t)
		delay := a.next(t, "Odd signal").seen.Sub(sent)
		t.Logf("delay %v, %d ticks of CPU in 2 s", delay, used)
		if delay <= 200*time.Millisecond {
			prompt++
		}
		if used <= 1 {
			idle++
		}
		if prompt >= enough && idle >= enough {
			return
		}
	}
	t.Errorf("of %d rounds %d had an alert within 200 ms, in %d the idle agent used at most a tick of CPU; want %d of both", rounds, prompt, idle, enough)
}

// signalSelf sends the signal of killRule to a child that may die of it.
func signalSelf(t *testing.T) {
	t.Helper()
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(child.Process.Pid, unix.SIGXFSZ); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("the child survived the signal")
	}
}

// cpuTicks is the user and system time of a process in clock ticks (proc(5)).
func cpuTicks(t *testing.T, pid int) uint64 {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var sum uint64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

type maskWords struct {
	Arch        string   `json:"arch"`
	Native      []string `json:"native"`
	Compat      []string `json:"compat"`
	Tracepoints []string `json:"tracepoints"`
}

type planDocument struct {
	Selected  []string  `json:"selected"`
	NotOnArch []string  `json:"not_on_this_arch"`
	Kernel    maskWords `json:"kernel"`
}

type showDocument struct {
	Sessions []struct {
		PID    int32     `json:"pid"`
		Kernel maskWords `json:"kernel"`
		Names  []string  `json:"names"`

		Snaplen uint32 `json:"snaplen"`
	} `json:"sessions"`
}

// TestLiveMask: the mask that is planned is the mask that the kernel has,
// bit for bit, and its names are the selected ones that this architecture knows.
func TestLiveMask(t *testing.T) {
	requireModule(t)
	rules := os.Getenv("EYAS_RULES")
	a := startAgent(t, "-r", rules)
	var plan planDocument
	agentJSON(t, &plan, "mask", "plan", "--json", "-r", rules)
	var show showDocument
	agentJSON(t, &show, "mask", "show", "--json")
	if len(show.Sessions) != 1 || int(show.Sessions[0].PID) != a.cmd.Process.Pid {
		t.Fatalf("sessions: got %+v, want one of pid %d", show.Sessions, a.cmd.Process.Pid)
	}
	if diff := cmp.Diff(plan.Kernel, show.Sessions[0].Kernel); diff != "" {
		t.Errorf("kernel words (-plan +show):\n%s", diff)
	}
	want := slices.DeleteFunc(plan.Selected, func(name string) bool { return slices.Contains(plan.NotOnArch, name) })
	if diff := cmp.Diff(want, show.Sessions[0].Names); diff != "" {
		t.Errorf("names (-plan +show):\n%s", diff)
	}
}

// TestLiveTwoAgents: two agents watch at once, each with a session and alerts of its
// own, and one ends without the other noticing.
func TestLiveTwoAgents(t *testing.T) {
	requireModule(t)
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte(killRule), 0o644); err != nil {
		t.Fatal(err)
	}
	first, second := startAgent(t, "-r", rules), startAgent(t, "-r", rules, "-A")
	var show showDocument
	agentJSON(t, &show, "mask", "show", "--json")
	if len(show.Sessions) != 2 {
		t.Errorf("%d sessions, want 2", len(show.Sessions))
	}
	signalSelf(t)
	first.next(t, "Odd signal")
	second.next(t, "Odd signal")
	second.stop(t)
	signalSelf(t)
	first.next(t, "Odd signal")
}

// TestLiveRules makes a few of the things our rules are about and looks at
// what the alerts say.
func TestLiveRules(t *testing.T) {
	requireModule(t)
	if err := os.WriteFile("/etc/shadow", []byte("root:*:1:0:99999:7:::\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := startAgent(t, "-r", os.Getenv("EYAS_RULES"))
	if out, err := exec.Command("cat", "/etc/shadow").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	alert := a.next(t, "Sensitive file read by an untrusted program")
	self := filepath.Base(os.Args[0])
	want := map[string]any{
		"fd.name": "/etc/shadow", "proc.name": "cat", "proc.cmdline": "cat /etc/shadow",
		"proc.pname": self[:min(15, len(self))], "user.name": "root", "user.uid": float64(0),
	}
	for name, value := range want {
		if diff := cmp.Diff(value, alert.Fields[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if age := time.Since(alert.Time); age < 0 || age > patience {
		t.Errorf("the alert's time is %v, %v ago", alert.Time, age)
	}
}
