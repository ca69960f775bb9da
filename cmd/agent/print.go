// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

var jsonFlag = &cli.BoolFlag{Name: "json", Usage: "print one JSON document"}

// printJSON prints one document, for people to read too.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// A list is a table that a command can print in several ways.
type list struct {
	heads   []string
	rows    [][]string
	names   []string // for --names
	records any      // for --json
}

func listFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "names", Usage: "print the names only, one a line"},
		&cli.BoolFlag{Name: "markdown", Usage: "print a Markdown table"},
		jsonFlag,
	}
}

func (l *list) print(c *cli.Context) error {
	ways := 0
	for _, way := range []string{"names", "markdown", "json"} {
		if c.Bool(way) {
			ways++
		}
	}
	switch w := c.App.Writer; {
	case ways > 1:
		return usagef(c, "choose one of --names, --markdown and --json")
	case c.Bool("json"):
		return printJSON(w, l.records)
	case c.Bool("names"):
		fmt.Fprint(w, lines(l.names))
	case c.Bool("markdown"):
		l.markdown(w)
	default:
		l.text(w)
	}
	return nil
}

func lines(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, "\n") + "\n"
}

func (l *list) markdown(w io.Writer) {
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(l.heads, " | "), strings.Repeat(" --- |", len(l.heads)))
	escape := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, row := range l.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = escape.Replace(cell)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// text aligns all columns but the last.
func (l *list) text(w io.Writer) {
	widths := make([]int, len(l.heads))
	for _, row := range l.rows {
		for i, cell := range row[:len(row)-1] {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, row := range l.rows {
		var b strings.Builder
		for i, cell := range row {
			if i < len(row)-1 {
				fmt.Fprintf(&b, "%-*s  ", widths[i], cell)
			} else {
				b.WriteString(cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
