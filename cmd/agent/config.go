// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/config"
)

func (a *command) configCommand() *cli.Command {
	return &cli.Command{
		Name:        "config",
		Usage:       "the configuration",
		Description: "Example:\n\n   agent config check -c /etc/eyas/eyas.toml",
		Subcommands: []*cli.Command{
			{
				Name:        "default",
				Usage:       "print the configuration with every key and its default",
				Description: "Example:\n\n   agent config default > /etc/eyas/eyas.toml",
				Action: func(c *cli.Context) error {
					return errors.Join(wantArgs(c, 0, 0), printConfig(c, config.Default()))
				},
			},
			{
				Name:        "check",
				Usage:       "check a configuration; print nothing when it is valid",
				Description: "Example:\n\n   agent config check -c eyas.toml -o priority=warning",
				Flags:       configFlags(),
				Action: func(c *cli.Context) error {
					_, err := loadConfig(c)
					return errors.Join(wantArgs(c, 0, 0), err)
				},
			},
			{
				Name:  "dump",
				Usage: "print the configuration that is in force",
				Description: "Prints every key after defaults, file, environment and options.\n\n" +
					"Example:\n\n   agent config dump -c eyas.toml -o 'rules_files[]=extra.yaml'",
				Flags: configFlags(),
				Action: func(c *cli.Context) error {
					cfg, err := loadConfig(c)
					if err := errors.Join(wantArgs(c, 0, 0), err); err != nil {
						return err
					}
					return printConfig(c, cfg)
				},
			},
		},
	}
}

func printConfig(c *cli.Context, cfg *config.Config) error {
	_, err := c.App.Writer.Write(cfg.TOML())
	return err
}

func configFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Aliases: []string{"c"}, EnvVars: []string{"EYAS_CONFIG"}, Usage: "`FILE` with the configuration (default: " + config.DefaultPath + " if it exists)"},
		&cli.StringSliceFlag{Name: "option", Aliases: []string{"o"}, Usage: "`KEY=VALUE` over the configuration; dots nest, [n] indexes, [] appends"},
	}
}

// configPath is the file with the configuration, which need not exist when nobody named it.
func configPath(c *cli.Context) string {
	return cmp.Or(c.String("config"), config.DefaultPath)
}

// loadConfig reads the configuration that configFlags name. Flags that stand for a key are more overrides.
func loadConfig(c *cli.Context, more ...string) (*config.Config, error) {
	name, must := configPath(c), c.String("config") != ""
	text, err := os.ReadFile(name)
	if err != nil && (must || !errors.Is(err, os.ErrNotExist)) {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if err == nil && text == nil {
		text = []byte{}
	}
	return config.Load(config.Input{Name: name, Text: text, Overrides: append(c.StringSlice("option"), more...), Env: os.LookupEnv})
}
