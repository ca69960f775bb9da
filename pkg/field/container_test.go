// SPDX-License-Identifier: Apache-2.0

package field_test

import (
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

const (
	fullID  = "9fcd1bcc0ef3aaaabbbbccccddddeeeeffff0000111122223333444455556666"
	podJSON = `{"container":{"id":"9fcd1bcc0ef3","full_id":"` + fullID + `","type":7,"name":"web","image":"reg:5000/shop/web:1.2",` +
		`"imageid":"sha256:77","imagerepo":"reg:5000/shop/web","imagetag":"1.2","imagedigest":"sha256:88","privileged":true,"ip":"10.0.0.7",` +
		`"cni_json":"{}","created_time":1700000000,"host_pid":false,"host_network":true,"host_ipc":false,"pod_sandbox_id":"abcdefabcdef0123","labels":` +
		`{"io.kubernetes.pod.name":"web-1","io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"u-1","a":"b"},"pod_sandbox_labels":{"tier":"front","app":"web"},` +
		`"Mounts":[{"Source":"/srv","Destination":"/data","Mode":"ro","RW":false,"Propagation":"rprivate"},{"Source":"/var/log","Destination":"/log","Mode":"","RW":true,"Propagation":""}]}}`
)

func inPod(t *testing.T) *evtest.Host {
	h := host(t)
	h.Process(40, 1, "nginx", evtest.Values{"cgroups": "cpu=/kubepods.slice/cri-containerd-" + fullID + ".scope"})
	return h
}

func checkTexts(t *testing.T, e *state.Event, tests [][2]string) {
	t.Helper()
	for _, tt := range tests {
		if got := text(t, e, tt[0]); got != tt[1] {
			t.Errorf("%s: got %q, want %q", tt[0], got, tt[1])
		}
	}
}

func TestContainerFields(t *testing.T) {
	h := inPod(t)
	e := h.Feed(schema.EvSyscallOpenat_2_X, 40, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/etc/hosts", "flags": "O_RDONLY"})
	checkTexts(t, e, [][2]string{
		{"container.id", "9fcd1bcc0ef3"}, {"container.full_id", fullID}, {"container.type", "containerd"}, {"container.name", "-"}, {"container.image", "-"},
		{"container.privileged", "-"}, {"container.mounts", "-"}, {"k8s.pod.name", "-"}, {"fd.containername", "9fcd1bcc0ef3:/etc/hosts"}, {"fd.containerdirectory", "9fcd1bcc0ef3:/etc"},
		{"user.name", "root"}, {"group.name", "root"},
	})
	h.FeedRaw(event.Append(nil, schema.EvAsynceventE, evtest.FirstTime, -1, event.U32(0), event.Str("container"), []byte(podJSON)))
	h.Feed(schema.EvUserAddedE, -1, evtest.Values{"uid": "1000", "gid": "5", "name": "inside", "home": "/in", "shell": "/bin/ash", "container_id": "9fcd1bcc0ef3"})
	e = h.Feed(schema.EvSyscallSetuidX, 40, evtest.Values{"res": "0", "uid": "1000"})
	checkTexts(t, e, [][2]string{
		{"container.name", "web"}, {"container.image", "reg:5000/shop/web:1.2"}, {"container.image.id", "sha256:77"}, {"container.image.repository", "reg:5000/shop/web"},
		{"container.image.tag", "1.2"}, {"container.image.digest", "sha256:88"}, {"container.privileged", "true"}, {"container.ip", "10.0.0.7"}, {"container.cni.json", "{}"},
		{"container.host_pid", "false"}, {"container.host_network", "true"}, {"container.host_ipc", "false"}, {"container.start_ts", "1700000000000000000"},
		{"container.mounts", "/srv:/data:ro:false:rprivate /var/log:/log::true:"}, {"container.mount[0]", "/srv:/data:ro:false:rprivate"}, {"container.mount[/var/*]", "/var/log:/log::true:"},
		{"container.mount[2]", "-"}, {"container.mount.source[/data]", "/srv"}, {"container.mount.dest[/srv]", "/data"}, {"container.mount.mode[0]", "ro"},
		{"container.mount.rdwr[1]", "true"}, {"container.mount.propagation[/srv]", "rprivate"}, {"container.label[a]", "b"}, {"container.label[nope]", "-"},
		{"container.labels", "a:b,io.kubernetes.pod.name:web-1,io.kubernetes.pod.namespace:shop,io.kubernetes.pod.uid:u-1"},
		{"k8s.pod.name", "web-1"}, {"k8s.ns.name", "shop"}, {"k8s.pod.uid", "u-1"}, {"k8s.pod.id", "u-1"}, {"k8s.pod.sandbox_id", "abcdefabcdef"}, {"k8s.pod.full_sandbox_id", "abcdefabcdef0123"},
		{"k8s.pod.label[tier]", "front"}, {"k8s.pod.labels", "app:web,tier:front"}, {"k8s.pod.ip", "10.0.0.7"}, {"k8s.pod.cni.json", "{}"},
		{"user.name", "inside"}, {"user.homedir", "/in"}, {"user.shell", "/bin/ash"}, {"k8s.rc.name", "-"}, {"k8s.rc.label[x]", "-"}, {"k8smeta.pod.name", "-"}, {"k8smeta.svc.label[x]", "-"},
		{"evt.arg.uid", "inside"},
	})
	e = h.Feed(schema.EvSyscallSetuidX, 20, evtest.Values{"res": "0", "uid": "1000"})
	checkTexts(t, e, [][2]string{
		{"container.id", "host"}, {"container.name", "host"}, {"container.type", "host"}, {"container.image", ""}, {"container.full_id", ""}, {"container.mounts", "-"},
		{"container.start_ts", "-"}, {"container.duration", "-"}, {"user.name", "alice"}, {"k8s.pod.name", "-"},
	})
}

// Texts from a container event end up in fields whose buffers are used again.
func TestContainerNameKeepsText(t *testing.T) {
	h := inPod(t)
	long := "/" + strings.Repeat("x", 300)
	for _, name := range []string{"/a", long, "/b"} {
		e := h.Feed(schema.EvSyscallOpenat_2_X, 40, evtest.Values{"fd": "-2", "dirfd": "AT_FDCWD", "name": name, "flags": "O_RDONLY"})
		checkTexts(t, e, [][2]string{{"fd.containername", "9fcd1bcc0ef3:" + name}})
	}
}

func TestPathFields(t *testing.T) {
	h := host(t)
	h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "7", "dirfd": "AT_FDCWD", "name": "/srv/", "flags": "O_DIRECTORY"})
	tests := []struct {
		typ    schema.EventType
		values evtest.Values
		want   [][2]string
	}{
		{schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "-2", "dirfd": "7", "name": "a/../b", "flags": "O_RDONLY"}, [][2]string{
			{"fs.path.name", "/srv/b"}, {"fs.path.nameraw", "a/../b"}, {"fs.path.source", "-"}, {"fs.path.target", "-"}, {"evt.abspath", "/srv/b"}, {"evt.abspath.src", "-"}}},
		{schema.EvSyscallRenameat2X, evtest.Values{"res": "0", "olddirfd": "7", "oldpath": "old", "newdirfd": "AT_FDCWD", "newpath": "new", "flags": "0"}, [][2]string{
			{"fs.path.name", "-"}, {"fs.path.source", "/srv/old"}, {"fs.path.sourceraw", "old"}, {"fs.path.target", "/root/new"}, {"fs.path.targetraw", "new"},
			{"evt.abspath", "-"}, {"evt.abspath.src", "/srv/old"}, {"evt.abspath.dst", "/root/new"}}},
		{schema.EvSyscallSymlinkatX, evtest.Values{"res": "0", "target": "/etc/passwd", "linkdirfd": "7", "linkpath": "l"}, [][2]string{
			{"fs.path.source", "/srv/l"}, {"fs.path.target", "/etc/passwd"}, {"evt.abspath", "/srv/l"}}},
		{schema.EvSyscallMkdir2X, evtest.Values{"res": "0", "path": "d", "mode": "0"}, [][2]string{{"fs.path.name", "/root/d"}, {"fs.path.nameraw", "d"}}},
		{schema.EvSyscallFchmodX, evtest.Values{"res": "0", "fd": "7", "mode": "0"}, [][2]string{{"fs.path.name", "/srv"}}},
		{schema.EvSyscallAccessX, evtest.Values{"res": "0", "name": "/x", "mode": "0"}, [][2]string{{"fs.path.name", "-"}}},
	}
	for _, tt := range tests {
		checkTexts(t, h.Feed(tt.typ, 30, tt.values), tt.want)
	}
}

func TestListFields(t *testing.T) {
	h := host(t)
	h.Feed(schema.EvSocketSocketX, 30, evtest.Values{"fd": "4", "domain": "AF_INET", "type": "1", "proto": "0"})
	h.Feed(schema.EvSocketConnectX, 30, evtest.Values{"res": "0", "fd": "4", "tuple": "10.0.0.1:4000->10.0.0.2:80"})
	h.Feed(schema.EvSyscallEventfd2X, 30, evtest.Values{"res": "5", "flags": "0"})
	list := []byte{3, 0}
	for _, fd := range []byte{4, 5, 9} {
		list = append(list, fd, 0, 0, 0, 0, 0, 0, 0, 1, 0)
	}
	e := h.FeedRaw(event.Append(nil, schema.EvSyscallPollX, evtest.FirstTime, 30, event.I64(1), list, event.I64(0)))
	checkTexts(t, e, [][2]string{
		{"fdlist.nums", "4,5,9"}, {"fdlist.names", "10.0.0.1:4000->10.0.0.2:80,<NA>,<NA>"}, {"fdlist.cips", "10.0.0.1,,"}, {"fdlist.sips", "10.0.0.2,,"},
		{"fdlist.cports", "4000,,"}, {"fdlist.sports", "80,,"},
	})
	checkTexts(t, h.Feed(schema.EvSyscallGetcwdX, 30, evtest.Values{"res": "0", "path": "/"}), [][2]string{{"fdlist.nums", "-"}})
}

func TestRareFields(t *testing.T) {
	h := host(t)
	h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/x", "flags": "O_RDONLY"})
	e := h.Feed(schema.EvSyscallReadX, 30, evtest.Values{"res": "5", "data": "hello", "fd": "3", "size": "9"})
	checkTexts(t, e, [][2]string{
		{"evt.buflen", "5"}, {"evt.buflen.in", "5"}, {"evt.buflen.out", "-"}, {"evt.buflen.file", "5"}, {"evt.buflen.file.in", "5"}, {"evt.buflen.net", "-"},
		{"thread.nametid", "cat:30"}, {"thread.cpu", "-"}, {"thread.exectime", "0"}, {"util.cnt", "1"}, {"evt.count.procinfo", "-"}, {"proc.ppid.duration", "5000000"},
		{"proc.pidns_init_start_ts", "-"}, {"proc.exe_ino.ctime_duration_proc_start", "-"},
	})
	e = h.Feed(schema.EvProcinfoE, 30, evtest.Values{"cpu_usr": "1", "cpu_sys": "2"})
	checkTexts(t, e, [][2]string{{"evt.count.procinfo", "1"}, {"evt.count.threadinfo", "1"}, {"thread.cpu", "0.0"}})
	e = h.Feed(schema.EvInfrastructureEventE, -1, evtest.Values{"source": "docker", "name": "kill", "description": "", "scope": `container.id="77" and container.name=web and container.image=i:1`})
	checkTexts(t, e, [][2]string{
		{"evt.infra.docker.name", "kill"}, {"evt.infra.docker.container.id", "77"}, {"evt.infra.docker.container.name", "web"}, {"evt.infra.docker.container.image", "i:1"},
	})
}
