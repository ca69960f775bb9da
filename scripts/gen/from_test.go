// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestParseOrigin(t *testing.T) {
	for _, tt := range []struct {
		from, source string
		args         bool
	}{
		{"ret", "RET", false}, {"got", "GOT", false}, {"empty", "EMPTY", false}, {"const:0x10", "CONST", false},
		{"arg5", "ARG", true}, {"int:arg1", "INT", true}, {"uint:arg0", "UINT", true}, {"id:arg2", "ID", true},
		{"pair:arg3", "PAIR", true}, {"flags:arg1", "FLAGS", true}, {"in:arg1:u32", "MEM", true}, {"out:arg1:long:3", "MEM", true},
		{"timespec:arg0", "TIMESPEC", true}, {"str:arg0", "STR", true}, {"outstr:arg0", "OUTSTR", true},
		{"buf:arg1:ret", "BUF_RET", true}, {"buf:arg1:arg2", "BUF_ARG", true}, {"buf:arg1:ret:arg2", "BUF_MOST", true},
		{"iov:arg1:arg2", "IOV", true}, {"iovlen:arg1:arg2", "IOVLEN", true}, {"sockaddr:arg1:arg2", "SOCKADDR", true},
		{"tuple:arg0", "TUPLE_ARG", true}, {"tuple:ret", "TUPLE_RET", false}, {"custom:x", "CUSTOM", false}, {"custom:x:255", "CUSTOM", false},
	} {
		o, err := parseOrigin(tt.from)
		if err != nil || o.source() != tt.source || o.readsArgs() != tt.args {
			t.Errorf("%s: got %s, reads arguments %v, %v", tt.from, o.source(), o.readsArgs(), err)
		}
	}
	for _, from := range []string{
		"", "arg", "arg6", "arg:arg0", "ret:arg0", "int", "int:ret", "in:arg0", "in:arg0:u24", "in:arg0:u32:256", "in:arg0:u32:4:4",
		"buf:arg0", "buf:ret:arg0", "buf:arg0:arg1:arg2", "buf:arg0:ret:ret", "iov:arg0", "iov:arg0:ret", "tuple", "tuple:arg0:arg1",
		"const", "const:x", "const:0x100000000", "custom", "custom:", "custom:x:256", "custom:x:1:2", "flags:arg0:arg1",
	} {
		if o, err := parseOrigin(from); err == nil {
			t.Errorf("%q: got %+v", from, o)
		}
	}
}
