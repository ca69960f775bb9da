// SPDX-License-Identifier: Apache-2.0

package field

import (
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

func TestEventJSON(t *testing.T) {
	tests := []struct {
		typ    schema.EventType
		values map[string]string
		want   string
	}{
		{schema.EvSyscallOpenat_2_X, map[string]string{"fd": "3", "dirfd": "AT_FDCWD", "name": "a\"b", "flags": "O_WRONLY", "mode": "0644"},
			`"type":"openat","dir":"<","params":{"fd":3,"dirfd":-100,"name":"/a\"b","flags":"O_WRONLY","mode":420,"dev":null,"ino":null}}`},
		{schema.EvSyscallWriteX, map[string]string{"res": "EBADF", "data": "12345678", "fd": "3", "size": "8"},
			`"type":"write","dir":"<","params":{"res":-9,"data":"12345678","fd":3,"size":8}}`},
		{schema.EvGenericX, map[string]string{"ID": "getppid", "nativeID": "110"},
			`"type":"getppid","dir":"<","params":{"ID":"getppid","nativeID":110}}`},
		{schema.EvNotificationE, map[string]string{"id": "drop", "desc": "7"},
			`"type":"notification","dir":">","params":{"id":"drop","desc":"7"}}`},
	}
	for _, tt := range tests {
		raw, err := event.Encode(nil, tt.typ, 5, -1, tt.values)
		if err != nil {
			t.Fatal(err)
		}
		var e state.Event
		if err := e.Decode(raw); err != nil {
			t.Fatal(err)
		}
		e.Num, e.CPU = 7, 3
		e.State, e.Thread = state.New(state.Options{}), &state.Thread{Cwd: "/"}
		want := `{"num":7,"ts":5,"cpu":3,"tid":-1,` + tt.want
		if got := string(AppendEventJSON(nil, &e)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
