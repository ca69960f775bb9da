// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"agent": main, "stand-in": standIn})
}

// The scripts are the commands as users type them. They run anywhere: what needs a module is tested in a guest.
func TestScripts(t *testing.T) {
	const dir = "testdata/script"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the scripts are not beside the test binary: ", err) // in a guest, where a module is loaded besides
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TOP", top)
			return writeCaptures(env.WorkDir)
		},
		Condition: func(cond string) (bool, error) {
			if cond != "module" {
				return false, fmt.Errorf("unknown condition %s", cond)
			}
			_, err := os.Stat("/dev/eyas")
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a command that ends with a certain status: exits 3 agent config check.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}
