// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
)

// opSet is a set of operators.
type opSet uint32

func setOf(list ...Op) (s opSet) {
	for _, o := range list {
		s |= 1 << o
	}
	return s
}

func (s opSet) has(o Op) bool { return s&(1<<o) != 0 }

var (
	opsExist  = setOf(OpExists)
	opsEqual  = opsExist | setOf(OpEq, OpNe, OpIn, OpIntersects)
	opsOrder  = opsEqual | setOf(OpLt, OpLe, OpGt, OpGe)
	opsText   = opsOrder | setOf(OpContains, OpIContains, OpStartsWith, OpEndsWith, OpGlob, OpIGlob, OpRegex, OpPMatch)
	opsBuffer = opsExist | setOf(OpEq, OpNe, OpContains, OpStartsWith, OpEndsWith, OpBContains, OpBStartsWith, OpIn, OpIntersects)
	opsList   = opsExist | setOf(OpIn, OpIntersects)
)

// opsOf is the one table of operators by operand type.
func opsOf(t schema.ParamType, list bool) opSet {
	if list {
		return listOps(t)
	}
	switch t {
	case schema.PTUID, schema.PTGID, schema.PTSockAddr, schema.PTSockTuple, schema.PTFDList, schema.PTSigSet,
		schema.PTL4Proto, schema.PTSockFamily, schema.PTFD32, schema.PTPID32,
		schema.PTDyn, schema.PTCharBufArray, schema.PTCharBufPairArray, schema.PTNone:
		return opsExist
	}
	switch field.KindOf(t) {
	case field.KindInt, field.KindUint, field.KindFloat:
		return opsOrder
	case field.KindBool, field.KindIP, field.KindNet:
		return opsEqual
	case field.KindText:
		return opsText
	case field.KindBytes:
		return opsBuffer
	}
	return opsExist
}

func listOps(t schema.ParamType) opSet {
	switch t {
	case schema.PTCharBuf, schema.PTUint64, schema.PTRelTime, schema.PTAbsTime, schema.PTBool, schema.PTIPAddr, schema.PTIPNet:
		return opsList
	}
	return opsExist
}

// typeWord says what values of a type are, for messages.
func typeWord(t schema.ParamType, list bool) string {
	one, many := "a value", "values"
	switch field.KindOf(t) {
	case field.KindInt, field.KindUint, field.KindFloat:
		one, many = "a number", "numbers"
	case field.KindBool:
		one, many = "true or false", "truths"
	case field.KindText:
		one, many = "a text", "texts"
	case field.KindBytes:
		one, many = "a byte buffer", "byte buffers"
	case field.KindIP:
		one, many = "an IP address", "IP addresses"
	case field.KindNet:
		one, many = "an IP network", "IP networks"
	}
	if opsOf(t, false) == opsExist && !list {
		return "of a type that nothing compares with"
	}
	if list {
		return "a list of " + many
	}
	return one
}

// opWants says what an operator wants on its left side, for messages.
func opWants(o Op) string {
	switch o {
	case OpLt, OpLe, OpGt, OpGe:
		return "a number or a text"
	case OpContains, OpStartsWith, OpEndsWith:
		return "a text or a byte buffer"
	case OpBContains, OpBStartsWith:
		return "a byte buffer"
	case OpEq, OpNe:
		return "a single value that can be compared"
	case OpIn, OpIntersects:
		return "a value that can be compared"
	}
	return "a text"
}
