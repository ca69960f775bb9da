// SPDX-License-Identifier: Apache-2.0

package config

import "reflect"

// Changed returns the keys whose values are not the same in both, dotted, in the order of the file.
func (c *Config) Changed(other *Config) []string {
	return changed(nil, "", reflect.ValueOf(c).Elem(), reflect.ValueOf(other).Elem())
}

func changed(keys []string, path string, a, b reflect.Value) []string {
	for i := range a.NumField() {
		key := join(path, a.Type().Field(i).Tag.Get("toml"))
		switch {
		case a.Field(i).Kind() == reflect.Struct:
			keys = changed(keys, key, a.Field(i), b.Field(i))
		case !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()):
			keys = append(keys, key)
		}
	}
	return keys
}
