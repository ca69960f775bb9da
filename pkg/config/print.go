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
		b.WriteString(pair(key, printed(v.Field(i))))
		b.WriteByte('\n')
	}
}

// inlineTOML is a value on one line, without the keys of tables that are empty.
type inlineTOML string

func (t inlineTOML) MarshalTOML() ([]byte, error) { return []byte(t), nil }

func inline(v reflect.Value) string {
	if extra, ok := v.Interface().(ExtraField); ok {
		if extra.Output == "" {
			return inline(reflect.ValueOf(extra.Name))
		}
		return "{" + pair(extra.Name, extra.Output) + "}"
	}
	var parts []string
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); !isEmpty(f) {
				parts = append(parts, v.Type().Field(i).Tag.Get("toml")+" = "+inline(f))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, inline(v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	_, text, _ := strings.Cut(pair("x", printed(v)), " = ")
	return text
}

func isEmpty(v reflect.Value) bool { return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 }

// pair is one key with its value as the library prints them.
func pair(key string, value any) string {
	if s, ok := value.(string); ok {
		value = printedText(s)
	}
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(map[string]any{key: value}); err != nil {
		panic(err) // only for types that TOML has not, and a test encodes them all
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// printed is a value as it is given to the library, which on its own puts all texts between double quotes.
func printed(v reflect.Value) any {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct {
		return inlineTOML(inline(v))
	}
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
