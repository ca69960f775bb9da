// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"
)

// TOML prints the configuration with every key and its sentence; Load reads it back equal.
func (c *Config) TOML() []byte {
	var b bytes.Buffer
	printTable(&b, "", reflect.ValueOf(c).Elem())
	return escape(b.Bytes())
}

func printTable(b *bytes.Buffer, path string, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := field.Tag.Get("toml")
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "# %s\n", field.Tag.Get("comment"))
		if field.Type.Kind() == reflect.Struct {
			fmt.Fprintf(b, "[%s]\n", join(path, key))
			printTable(b, join(path, key), v.Field(i))
			continue
		}
		if err := toml.NewEncoder(b).Encode(map[string]any{key: printed(v.Field(i))}); err != nil {
			panic(err) // only for types that TOML has not, and a test encodes them all
		}
	}
}

// printed is a value as it is given to the library, which on its own puts all texts between double quotes.
func printed(v reflect.Value) any {
	switch v := v.Interface().(type) {
	case string:
		return printedText(v)
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = printedText(s)
		}
		return list
	}
	return v.Interface()
}

func printedText(s string) any {
	if strings.ContainsFunc(s, func(r rune) bool { return r == '\'' || unicode.IsControl(r) }) {
		return s
	}
	return literalText(s)
}

// A literalText is printed between single quotes, in which backslashes stand for themselves.
type literalText string

func (t literalText) MarshalTOML() ([]byte, error) { return []byte("'" + t + "'"), nil }
