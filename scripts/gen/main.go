// SPDX-License-Identifier: Apache-2.0

// Command gen writes the tables of pkg/schema and kmod/gen and docs/coverage.md
// from the .toml files of pkg/schema.
//
//	go run ./scripts/gen          write what is generated
//	go run ./scripts/gen -check   write nothing, fail when something is stale
//	go run ./scripts/gen -fmt     bring the .toml files into their canonical form
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// output is one generated file.
type output struct {
	path string // below the root
	data []byte
}

func run(args []string) error {
	fs := flag.NewFlagSet("gen", flag.ContinueOnError)
	root := fs.String("root", ".", "top of the source `tree`")
	check := fs.Bool("check", false, "write nothing, fail when a file is stale")
	format := fs.Bool("fmt", false, "rewrite the .toml files in canonical form")
	if err := fs.Parse(args); err != nil {
		return err
	}
	raw, err := load(filepath.Join(*root, schemaDir))
	if err != nil {
		return err
	}
	if *format {
		return write(*root, raw.canonical())
	}
	if err := raw.checkCanonical(); err != nil {
		return err
	}
	tab, err := build(raw)
	if err != nil {
		return err
	}
	outs, err := generate(tab)
	if err != nil {
		return err
	}
	if *check {
		return compare(*root, outs)
	}
	return write(*root, outs)
}

func generate(tab *table) ([]output, error) {
	outs, err := goFiles(tab)
	if err != nil {
		return nil, err
	}
	return slices.Concat(outs, cFiles(tab), docFiles(tab)), nil
}

func write(root string, outs []output) error {
	for _, o := range outs {
		path := filepath.Join(root, o.path)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, o.data) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, o.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func compare(root string, outs []output) error {
	var errs []error
	for _, o := range outs {
		old, err := os.ReadFile(filepath.Join(root, o.path))
		if err != nil {
			errs = append(errs, err)
		} else if !bytes.Equal(old, o.data) {
			errs = append(errs, fmt.Errorf("%s: stale, run go run ./scripts/gen", o.path))
		}
	}
	return errors.Join(errs...)
}
