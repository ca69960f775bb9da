// SPDX-License-Identifier: Apache-2.0

package field

import (
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// k8sFields are about the pod of the container, as far as the engine knows it.
var k8sFields = []Field{
	{Name: "k8s.pod.name", Class: "k8s", Desc: "name of the pod",
		Type: schema.PTCharBuf, Flags: Suggested, Deps: DepThread, get: metaSome(label(labelPodName))},
	{Name: "k8s.ns.name", Class: "k8s", Desc: "namespace of the pod",
		Type: schema.PTCharBuf, Flags: Suggested, Deps: DepThread, get: metaSome(label(labelNamespace))},
	{Name: "k8s.pod.id", Class: "k8s", Desc: "the same as k8s.pod.uid",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaSome(label(labelPodUID))},
	{Name: "k8s.pod.uid", Class: "k8s", Desc: "unique id of the pod",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaSome(label(labelPodUID))},
	{Name: "k8s.pod.sandbox_id", Class: "k8s", Desc: "short id of the pod's own container",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaSome(sandboxID)},
	{Name: "k8s.pod.full_sandbox_id", Class: "k8s", Desc: "whole id of the pod's own container",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaSome(func(m *state.ContainerMeta) string { return m.PodSandbox })},
	{Name: "k8s.pod.label", Class: "k8s", Desc: "one label of the pod",
		Type: schema.PTCharBuf, Arg: ArgRequired | ArgKey, Deps: DepThread, bind: bindLabel((*state.ContainerMeta).PodLabel)},
	{Name: "k8s.pod.labels", Class: "k8s", Desc: "all labels of the pod as key:value, joined with commas",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaAppend(func(m *state.ContainerMeta, dst []byte) []byte { return appendLabels(m.PodLabels, dst) })},
	{Name: "k8s.pod.ip", Class: "k8s", Desc: "address of the pod",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaSome(func(m *state.ContainerMeta) string { return m.IP })},
	{Name: "k8s.pod.cni.json", Class: "k8s", Desc: "what the pod's network plugin returned, as JSON",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaSome(func(m *state.ContainerMeta) string { return m.CNI })},
}

// goneFields lost their meaning in the reference too; rules may still name them.
var goneFields = withoutValue("container", Deprecated,
	row{"container.healthcheck", schema.PTCharBuf, false, false},
	row{"container.liveness_probe", schema.PTCharBuf, false, false},
	row{"container.readiness_probe", schema.PTCharBuf, false, false},
	row{"proc.is_container_healthcheck", schema.PTBool, false, false},
	row{"proc.is_container_liveness_probe", schema.PTBool, false, false},
	row{"proc.is_container_readiness_probe", schema.PTBool, false, false},
	row{"k8s.rc.name", schema.PTCharBuf, false, false},
	row{"k8s.rc.id", schema.PTCharBuf, false, false},
	row{"k8s.rc.label", schema.PTCharBuf, false, true},
	row{"k8s.rc.labels", schema.PTCharBuf, false, false},
	row{"k8s.svc.name", schema.PTCharBuf, false, false},
	row{"k8s.svc.id", schema.PTCharBuf, false, false},
	row{"k8s.svc.label", schema.PTCharBuf, false, true},
	row{"k8s.svc.labels", schema.PTCharBuf, false, false},
	row{"k8s.ns.id", schema.PTCharBuf, false, false},
	row{"k8s.ns.label", schema.PTCharBuf, false, true},
	row{"k8s.ns.labels", schema.PTCharBuf, false, false},
	row{"k8s.rs.name", schema.PTCharBuf, false, false},
	row{"k8s.rs.id", schema.PTCharBuf, false, false},
	row{"k8s.rs.label", schema.PTCharBuf, false, true},
	row{"k8s.rs.labels", schema.PTCharBuf, false, false},
	row{"k8s.deployment.name", schema.PTCharBuf, false, false},
	row{"k8s.deployment.id", schema.PTCharBuf, false, false},
	row{"k8s.deployment.label", schema.PTCharBuf, false, true},
	row{"k8s.deployment.labels", schema.PTCharBuf, false, false},
)

// metaFields come from a collector inside of the cluster, which does not talk to
// us: rules that name them load, and see no value.
var metaFields = withoutValue("k8smeta", 0,
	row{"k8smeta.pod.name", schema.PTCharBuf, false, false},
	row{"k8smeta.pod.uid", schema.PTCharBuf, false, false},
	row{"k8smeta.pod.label", schema.PTCharBuf, false, true},
	row{"k8smeta.pod.labels", schema.PTCharBuf, true, false},
	row{"k8smeta.pod.ip", schema.PTCharBuf, false, false},
	row{"k8smeta.ns.name", schema.PTCharBuf, false, false},
	row{"k8smeta.ns.uid", schema.PTCharBuf, false, false},
	row{"k8smeta.ns.label", schema.PTCharBuf, false, true},
	row{"k8smeta.ns.labels", schema.PTCharBuf, true, false},
	row{"k8smeta.deployment.name", schema.PTCharBuf, false, false},
	row{"k8smeta.deployment.uid", schema.PTCharBuf, false, false},
	row{"k8smeta.deployment.label", schema.PTCharBuf, false, true},
	row{"k8smeta.deployment.labels", schema.PTCharBuf, true, false},
	row{"k8smeta.svc.name", schema.PTCharBuf, true, false},
	row{"k8smeta.svc.uid", schema.PTCharBuf, true, false},
	row{"k8smeta.svc.label", schema.PTCharBuf, true, true},
	row{"k8smeta.svc.labels", schema.PTCharBuf, true, false},
	row{"k8smeta.rs.name", schema.PTCharBuf, false, false},
	row{"k8smeta.rs.uid", schema.PTCharBuf, false, false},
	row{"k8smeta.rs.label", schema.PTCharBuf, false, true},
	row{"k8smeta.rs.labels", schema.PTCharBuf, true, false},
	row{"k8smeta.rc.name", schema.PTCharBuf, false, false},
	row{"k8smeta.rc.uid", schema.PTCharBuf, false, false},
	row{"k8smeta.rc.label", schema.PTCharBuf, false, true},
	row{"k8smeta.rc.labels", schema.PTCharBuf, true, false},
)

// row is a field that never has a value.
type row struct {
	name     string
	typ      schema.ParamType
	list     bool
	labelled bool // takes the key of a label
}

func withoutValue(class string, flags Flags, rows ...row) []Field {
	fields := make([]Field, len(rows))
	for i, r := range rows {
		f := Field{
			Name: r.name, Class: class, Desc: "nothing fills it any more; it has no value",
			Type: r.typ, List: r.list, Flags: flags, Deps: DepEvent, get: never, byType: alwaysAbsent,
		}
		if flags&Deprecated == 0 {
			f.Desc = "known to a collector of the cluster only; it has no value"
		}
		if r.labelled {
			f.Arg, f.bind = ArgRequired|ArgKey, bindNothing
		}
		fields[i] = f
	}
	return fields
}
