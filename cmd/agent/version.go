// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/rules"
)

func (a *command) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print versions of agent, module interface, event schema and rule language",
		Description: "The module that is loaded may be of another version than the one that this agent wants; if none is\n" +
			"loaded the line says so.\n\nExample:\n\n   agent version --json",
		Flags:  []cli.Flag{jsonFlag},
		Action: printVersion,
	}
}

type versionRecord struct {
	Agent    string `json:"agent"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	ABI      string `json:"abi"`
	Schema   string `json:"schema"`
	Engine   string `json:"rule_engine"`
	Module   string `json:"module"` // what is loaded, or why nothing is
}

func printVersion(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	r := newVersionRecord(c)
	if c.Bool("json") {
		return printJSON(c.App.Writer, r)
	}
	r.text(c.App.Writer)
	return nil
}

func newVersionRecord(c *cli.Context) versionRecord {
	want := driver.WantVersion
	return versionRecord{
		Agent: version, Revision: revision, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		ABI:    fmt.Sprintf("%d.%d", want.ABIMajor, want.ABIMinor),
		Schema: fmt.Sprintf("%d.%d.%d", want.SchemaMajor, want.SchemaMinor, want.SchemaPatch),
		Engine: rules.EngineVersion.String(),
		Module: loadedModule(c),
	}
}

func (r *versionRecord) text(w io.Writer) {
	fmt.Fprintf(w, "agent        %s (%s, %s, %s)\n", r.Agent, r.Revision, r.Go, r.Platform)
	fmt.Fprintf(w, "module ABI   %s\n", r.ABI)
	fmt.Fprintf(w, "schema       %s\n", r.Schema)
	fmt.Fprintf(w, "rule engine  %s\n", r.Engine)
	fmt.Fprintf(w, "module       %s\n", r.Module)
}

// loadedModule is what the host says of the module.
func loadedModule(c *cli.Context) string {
	s, err := driver.Host{}.Status(c.Context)
	if err != nil {
		return err.Error()
	}
	return loadedText(s)
}
