// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/scaptest"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// tells is the event that tells of a container.
func tells(ts uint64, id, name string) []byte {
	text := fmt.Sprintf(`{"container":{"id":%q,"type":0,"name":%q,"image":"nginx:1.25"}}`, id, name)
	return event.Append(nil, schema.EvAsynceventE, ts, -1, event.U32(0), event.Str("container"), event.Str(text))
}

// TestContainers: events of a file know what was told of their containers long
// before, and what is told meanwhile; not of the containers of others.
func TestContainers(t *testing.T) {
	h := newHost(t, Options{Lead: time.Second, Duration: time.Minute})
	web, other := strings.Repeat("1a", 32), strings.Repeat("2b", 32)
	exec := func(ts uint64, tid int64, container string) {
		id := fmt.Sprint(tid)
		h.event(schema.EvSyscallExecve19X, ts, tid, map[string]string{"res": "0", "tid": id, "pid": id, "ptid": "1", "comm": "sh", "exe": "sh",
			"cwd": "/", "uid": "33", "gid": "34", "flags": "0", "cgroups": "cpu=/docker/" + container})
	}
	exec(1*tenth, 11, web)
	exec(1*tenth, 20, other)
	h.raw(tells(2*tenth, web[:12], "web"))
	h.raw(tells(2*tenth, other[:12], "other"))
	user := map[string]string{"uid": "33", "gid": "34", "name": "www", "home": "/", "shell": "/bin/sh", "container_id": web[:12]}
	h.event(schema.EvUserAddedE, 3*tenth, -1, user)
	h.event(schema.EvGroupAddedE, 3*tenth, -1, map[string]string{"gid": "34", "name": "wwwgroup", "container_id": web[:12]})
	h.mkdir(90*tenth, 11, "/before")
	h.mkdir(91*tenth, 11, "/alarm", h.match)
	h.raw(tells(92*tenth, web[:12], "renamed"))
	user["name"] = "later"
	h.event(schema.EvUserAddedE, 93*tenth, -1, user)
	h.mkdir(94*tenth, 11, "/after")
	f := h.close()
	var got, ids []string
	scaptest.Each(t, f.Path, func(r *scap.Reader, ev *state.Event) {
		r.State().Update(ev)
		if c := ev.Thread.Container(); r.Shown() && c != nil {
			u, _ := r.State().User(c, ev.Thread.UID)
			g, _ := r.State().GroupName(c, ev.Thread.GID)
			got = append(got, fmt.Sprintf("%d %s %s %s %s", ev.TS/tenth, c.Meta.Name, c.Meta.Image, u.Name, g))
		}
		for _, c := range r.State().Containers() {
			if !slices.Contains(ids, c.ID) {
				ids = append(ids, c.ID)
			}
		}
		r.State().Done(ev)
	})
	want := []string{"90 web nginx:1.25 www wwwgroup", "91 web nginx:1.25 www wwwgroup", "94 renamed nginx:1.25 later wwwgroup"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !slices.Equal(ids, []string{web[:12]}) {
		t.Errorf("the file knows the containers %v", ids)
	}
}

// TestTellUsers: users that were read in the course of an event are in the files
// of its tree.
func TestTellUsers(t *testing.T) {
	h := newHost(t, Options{Duration: time.Minute})
	id := strings.Repeat("1a", 32)
	for _, tid := range []int64{10, 20} {
		h.event(schema.EvSyscallExecve19X, tenth, tid, map[string]string{"res": "0", "comm": "sh", "exe": "sh", "cwd": "/", "cgroups": "cpu=/docker/" + id})
		h.mkdir(2*tenth, tid, "/alarm", h.match)
	}
	// As after a look at the container's files: no event told of it.
	if err := h.ev.Decode(event.Append(nil, schema.EvUserAddedE, 3*tenth, -1, event.U32(33), event.U32(34), event.Str("www"), event.Str("/"), event.Str("/bin/sh"), event.Str(id[:12]))); err != nil {
		t.Fatal(err)
	}
	h.st.Update(&h.ev)
	h.r.TellUsers(h.st.Thread(10), 4*tenth)
	h.mkdir(5*tenth, 10, "/after")
	h.mkdir(5*tenth, 20, "/after")
	knows := 0
	for range 2 {
		st := scaptest.Each(t, h.close().Path, func(r *scap.Reader, ev *state.Event) { r.State().Update(ev) })
		if _, ok := st.User(st.Container(id[:12]), 33); ok {
			knows++
		}
	}
	if knows != 1 {
		t.Errorf("%d of the two files know the user, want that of the tree", knows)
	}
}
