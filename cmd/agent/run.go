// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
)

func (a *command) runCommand() *cli.Command {
	return &cli.Command{
		Name:  "run",
		Usage: "watch this host and raise alerts",
		Description: "Records the system calls that the rules need, and writes an alert for each match to the outputs of the\n" +
			"configuration, by default to the standard output. Needs the eyas kernel module and root.\n" +
			"SIGINT and SIGTERM end it, SIGUSR1 makes it open its output files anew. SIGHUP, and a change of the files unless\n" +
			"watch_config_files is off, make it load rules and configuration anew without a gap; what does not load changes nothing.\n" +
			"With -d the command ends when the agent watches, or with its error when it cannot. From then on its messages go to the\n" +
			"system's log, and its standard output nowhere, unless standard error and output are files. It keeps its working directory.\n" +
			"With -e it replays a capture file instead; that needs neither.\n\n" +
			"Example:\n\n   agent run -r rules/eyas_rules.yaml -o json_output=true",
		Flags: append(ruleFlags(),
			&cli.StringFlag{Name: "capture", Aliases: []string{"e"}, Usage: "replay the capture `FILE` instead of watching this host; - is the standard input"},
			&cli.IntFlag{Name: "seconds", Aliases: []string{"M"}, Usage: "end after `N` seconds"},
			&cli.StringFlag{Name: "snaplen", Aliases: []string{"S"}, Usage: "keep `N` bytes of each data buffer (driver.snaplen)"},
			&cli.StringFlag{Name: "pidfile", Aliases: []string{"P"}, Usage: "write the process id to `FILE`"},
			&cli.BoolFlag{Name: "daemon", Aliases: []string{"d"}, Usage: "go on in the background once this host is being watched"},
			&cli.StringFlag{Name: "stats-file", Aliases: []string{"s"}, Usage: "add a line of JSON with events, losses and alerts so far to `FILE`, now and then and at the end (metrics)"},
			&cli.UintFlag{Name: "stats-interval", Value: 5000, Usage: "write such a line every `MS` milliseconds, at least 100"},
			&cli.StringFlag{Name: "print", Aliases: []string{"p"}, Usage: "add `TEXT` with fields to every output (append_output)"},
			&cli.BoolFlag{Name: "pc", Usage: "nothing: append_output adds the fields of containers", Hidden: true},
			&cli.BoolFlag{Name: "pk", Usage: "nothing: append_output adds the fields of pods", Hidden: true},
			&cli.BoolFlag{Name: "base64", Aliases: []string{"b"}, Usage: "write data buffers as base64 (buffer_format_base64)"},
			&cli.BoolFlag{Name: "unbuffered", Aliases: []string{"U"}, Usage: "write every alert at once (buffered_outputs)"},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "tell more about the agent itself (log_level debug)"},
			&cli.StringSliceFlag{Name: "enable-source", Usage: "watch only this event `SOURCE`, of which there is syscall alone"},
			&cli.StringSliceFlag{Name: "disable-source", Usage: "do not watch this event `SOURCE`: refused, none would be left"},
			strictFlag,
			&cli.BoolFlag{Name: "dry-run", Usage: "check configuration and rules, then end without touching the module"},
		),
		Action: a.run,
	}
}

// replayHeadroom is memory that is held and never touched, so the host does not
// give it. But the collector counts it, and lets as much garbage come together:
// for a short replay, most of which is loading rules, that saves a tenth of the
// time, and it costs no more memory than this however large the state grows.
const replayHeadroom = 16 << 20

// checkRun looks at flags that mean nothing by themselves or together.
func checkRun(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	if c.Int("seconds") < 0 {
		return usagef(c, "-M wants a number of seconds")
	}
	if c.Uint("stats-interval") < 100 {
		return usagef(c, "--stats-interval wants a number of milliseconds, at least 100")
	}
	if c.Bool("daemon") && c.String("capture") != "" {
		return usagef(c, "-d and -e cannot be used together: a replay ends by itself")
	}
	return checkSources(c)
}

func (a *command) run(c *cli.Context) error {
	if err := checkRun(c); err != nil {
		return err
	}
	d := thisDaemon()
	if d == nil && c.Bool("daemon") && !c.Bool("dry-run") {
		return a.runDaemon(c)
	}
	ctx, stop := untilSignalled(c.Context)
	defer stop()
	reopen, reload := signals(reopenSignal), signals(reloadSignal) // even while it loads they do not end it
	if c.String("capture") != "" {
		defer runtime.KeepAlive(make([]byte, replayHeadroom))
	}
	loaded, err := a.load(c)
	if err != nil {
		return err
	}
	cfg := loaded.Config
	if c.Bool("pc") || c.Bool("pk") || slices.Contains(printPresets, c.String("print")) {
		a.log.Warn("-p with c or k changes nothing: append_output adds the fields of containers and pods")
	}
	if err := a.setLog(cfg); err != nil {
		return err
	}
	d.prepare(a.log, cfg)
	a.doubt(loaded.Rules)
	if err := a.strictRun(c, loaded); err != nil {
		return err
	}
	if c.Bool("dry-run") {
		fmt.Fprintf(c.App.ErrWriter, "agent: configuration and %d rules are valid\n", len(loaded.Rules.Active))
		return nil
	}
	remove, err := writePID(c.String("pidfile"))
	if err != nil {
		return err
	}
	defer remove()
	return agent.Run(ctx, cfg, agent.Options{
		Rules: loaded.Rules, Stdout: a.stdout, Log: a.log, Proc: "/proc", Etc: "/etc",
		Capture: c.String("capture"), Stdin: a.stdin, Terminal: terminalOf(c.App.ErrWriter),
		Reopen: reopen, ReloadSignals: reload,
		Reload: a.loadAgain(c), Paths: loaded.Paths,
		Ready: func() { d.detach(a) },
		For:   time.Duration(c.Int("seconds")) * time.Second,
	})
}

// doubt tells of rules that load and yet cannot be what was meant.
func (a *command) doubt(set *agent.RuleSet) {
	for _, file := range set.Report.Results {
		if n := len(file.Warnings); n > 0 {
			a.log.Warnf("%s has warnings, which 'agent rules validate' tells: %d", file.Name, n)
		}
	}
	if len(set.Active) == 0 {
		a.log.Warn("no rule is on: nothing raises an alert")
	}
}

// loadAgain is load for a running agent. A configuration that is gone was not meant to be: it is no reason to go on with
// the defaults.
func (a *command) loadAgain(c *cli.Context) func() (*agent.Loaded, error) {
	_, err := os.Stat(configPath(c))
	had := err == nil
	return func() (*agent.Loaded, error) {
		if _, err := os.Stat(configPath(c)); err == nil {
			had = true
		} else if had {
			return nil, fmt.Errorf("the configuration is gone: %w", err)
		}
		loaded, err := a.load(c)
		if err == nil {
			a.doubt(loaded.Rules)
		}
		return loaded, err
	}
}

// writePID writes the process id to a file, and returns what takes it away again.
func writePID(name string) (remove func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	if err := os.WriteFile(name, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return nil, fmt.Errorf("write pid file: %w", err)
	}
	return func() { os.Remove(name) }, nil
}
