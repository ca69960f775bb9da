// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/driver"
)

func (a *command) driverCommand() *cli.Command {
	kernel := &cli.StringFlag{Name: "kernel", Usage: "kernel `RELEASE` instead of the running one"}
	return &cli.Command{
		Name:        "driver",
		Usage:       "the kernel module",
		Description: "Example:\n\n   agent driver doctor",
		Subcommands: []*cli.Command{
			{
				Name:        "status",
				Usage:       "print how things stand with the module; exit status 4 when it is not usable",
				Description: "Example:\n\n   agent driver status --json",
				Flags:       []cli.Flag{kernel, jsonFlag},
				Action:      onHost(driverStatus),
			},
			{
				Name:  "install",
				Usage: "build the module with DKMS, for this kernel and those to come, and load it",
				Description: "Takes the newest source below /usr/src, or the tree that --source names.\n\n" +
					"Example:\n\n   agent driver install --source .",
				Flags: []cli.Flag{kernel, &cli.StringFlag{Name: "source", Usage: "source tree `DIR` (it has dkms.conf)"}},
				Action: onHost(func(c *cli.Context, h driver.Host) error {
					return h.Install(c.Context, c.App.ErrWriter)
				}),
			},
			{
				Name:        "uninstall",
				Usage:       "unload the module and remove it from this host",
				Description: "Example:\n\n   agent driver uninstall",
				Action: onHost(func(c *cli.Context, h driver.Host) error {
					return h.Uninstall(c.Context, c.App.ErrWriter)
				}),
			},
			{
				Name:        "load",
				Usage:       "load the installed module",
				Description: "Example:\n\n   agent driver load",
				Action:      onHost(func(c *cli.Context, h driver.Host) error { return h.Load(c.Context) }),
			},
			{
				Name:        "unload",
				Usage:       "unload the module",
				Description: "Example:\n\n   agent driver unload",
				Action:      onHost(func(c *cli.Context, h driver.Host) error { return h.Unload(c.Context) }),
			},
			{
				Name:        "doctor",
				Usage:       "say what is missing for the module to work, and the exact remedy",
				Description: "A line for each thing looked at. Exit status 4 when there is a problem.\n\nExample:\n\n   agent driver doctor",
				Flags:       []cli.Flag{kernel, jsonFlag},
				Action:      onHost(driverDoctor),
			},
		},
	}
}

// onHost makes an action of something that is done to a host.
func onHost(do func(*cli.Context, driver.Host) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := wantArgs(c, 0, 0); err != nil {
			return err
		}
		if runtime.GOOS != "linux" {
			return fmt.Errorf("the eyas kernel module is for Linux: %w", errors.ErrUnsupported)
		}
		return do(c, driver.Host{Kernel: c.String("kernel"), Source: c.String("source")})
	}
}

func driverStatus(c *cli.Context, h driver.Host) error {
	s, err := h.Status(c.Context)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = printJSON(c.App.Writer, s)
	} else {
		printStatus(c.App.Writer, s)
	}
	switch {
	case err != nil:
		return err
	case s.Running && s.Loaded, !s.Running && s.Module != "":
		return nil
	case s.Module == "":
		return driver.ErrNotInstalled
	}
	return driver.ErrNotLoaded
}

func printStatus(w io.Writer, s *driver.Status) {
	which := "not the running one"
	if s.Running {
		which = "running"
	}
	fmt.Fprintf(w, "module       %s\n", loadedText(s))
	fmt.Fprintf(w, "installed    %s\n", fileText(s.Module, s.ModVersion))
	fmt.Fprintf(w, "source       %s\n", fileText(s.Source, s.Version))
	fmt.Fprintf(w, "kernel       %s, %s, pages of %d bytes\n", s.Kernel, which, s.PageSize)
	fmt.Fprintf(w, "headers      %s\n", yes(s.Headers))
	fmt.Fprintf(w, "dkms         %s\n", yes(s.DKMS))
	fmt.Fprintf(w, "signatures   %s\n", signatureText(s))
}

// loadedText says whether the module is loaded, and who uses it.
func loadedText(s *driver.Status) string {
	if !s.Loaded {
		return "not loaded"
	}
	return fmt.Sprintf("loaded, version %s, %d sessions", s.LoadedVer, s.Users)
}

func fileText(path, version string) string {
	if path == "" {
		return "none"
	}
	return path + ", version " + version
}

func yes(is bool) string {
	if is {
		return "present"
	}
	return "missing"
}

func signatureText(s *driver.Status) string {
	text := "not needed"
	if s.SigEnforce {
		text = "needed"
	}
	if s.SecureBoot {
		text += ", secure boot is on"
	}
	if s.Lockdown != "" {
		text += ", lockdown " + s.Lockdown
	}
	return text
}

// problemsError ends a doctor's report that has problems in it; like a missing module it means status 4.
type problemsError int

func (n problemsError) Error() string {
	return fmt.Sprintf("problems found: %d; each line above says what to do", int(n))
}

func driverDoctor(c *cli.Context, h driver.Host) error {
	findings, err := h.Doctor(c.Context)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		if err := printJSON(c.App.Writer, map[string][]driver.Finding{"findings": findings}); err != nil {
			return err
		}
	}
	problems := 0
	for _, f := range findings {
		if f.Level == driver.Problem {
			problems++
		}
		if !c.Bool("json") {
			fmt.Fprintln(c.App.Writer, f)
		}
	}
	if problems > 0 {
		return problemsError(problems)
	}
	return nil
}
