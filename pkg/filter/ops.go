// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"
	"strings"
)

// Op is a comparison operator.
type Op uint8

// The operators. "==" is read as OpEq and kept apart only by nothing: it means
// the same as "=".
const (
	OpNone Op = iota
	OpExists
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpContains
	OpIContains
	OpBContains
	OpStartsWith
	OpBStartsWith
	OpEndsWith
	OpGlob
	OpIGlob
	OpRegex
	OpIn
	OpIntersects
	OpPMatch
	numOps
)

// opShape says what may follow an operator.
type opShape uint8

const (
	shapeUnary opShape = iota // nothing
	shapeNum                  // a number or a right-hand operand
	shapeStr                  // a text, a right-hand operand, or a modifier and a list
	shapeList                 // a list or a right-hand operand
)

// ops is the one table of operators, in the order in which the parser tries
// them: a longer spelling stands before its prefix.
var ops = []struct {
	text  string
	op    Op
	shape opShape
	word  bool // needs a blank after it
}{
	{"exists", OpExists, shapeUnary, false},
	{"<=", OpLe, shapeNum, false},
	{"<", OpLt, shapeNum, false},
	{">=", OpGe, shapeNum, false},
	{">", OpGt, shapeNum, false},
	{"==", OpEq, shapeStr, false},
	{"=", OpEq, shapeStr, false},
	{"!=", OpNe, shapeStr, false},
	{"glob", OpGlob, shapeStr, true},
	{"iglob", OpIGlob, shapeStr, true},
	{"contains", OpContains, shapeStr, true},
	{"icontains", OpIContains, shapeStr, true},
	{"bcontains", OpBContains, shapeStr, true},
	{"startswith", OpStartsWith, shapeStr, true},
	{"bstartswith", OpBStartsWith, shapeStr, true},
	{"endswith", OpEndsWith, shapeStr, true},
	{"regex", OpRegex, shapeStr, true},
	{"intersects", OpIntersects, shapeList, false},
	{"in", OpIn, shapeList, false},
	{"pmatch", OpPMatch, shapeList, false},
}

var opTexts = [numOps]string{
	OpExists: "exists", OpEq: "=", OpNe: "!=", OpLt: "<", OpLe: "<=", OpGt: ">", OpGe: ">=",
	OpContains: "contains", OpIContains: "icontains", OpBContains: "bcontains",
	OpStartsWith: "startswith", OpBStartsWith: "bstartswith", OpEndsWith: "endswith",
	OpGlob: "glob", OpIGlob: "iglob", OpRegex: "regex",
	OpIn: "in", OpIntersects: "intersects", OpPMatch: "pmatch",
}

func (o Op) String() string { return opTexts[o] }

// Modifier says how a test with a list of texts counts its elements.
type Modifier uint8

const (
	ModNone  Modifier = iota
	ModOneOf          // exactly one element
	ModAnyOf          // at least one
	ModAllOf          // every one, and there is one
)

var modTexts = [...]string{ModNone: "", ModOneOf: "oneof", ModAnyOf: "anyof", ModAllOf: "allof"}

func (m Modifier) String() string { return modTexts[m] }

// TransformKind is a transformer.
type TransformKind uint8

const (
	TransVal TransformKind = iota // right-hand side only
	TransToLower
	TransToUpper
	TransB64
	TransBasename
	TransLen
	TransJoin
	TransConcat
	TransGetopt
)

var transformNames = [...]string{
	TransVal: "val", TransToLower: "tolower", TransToUpper: "toupper", TransB64: "b64",
	TransBasename: "basename", TransLen: "len", TransJoin: "join", TransConcat: "concat",
	TransGetopt: "getopt",
}

func (k TransformKind) String() string { return transformNames[k] }

// IsOperator tells whether text is an operator, or one that takes a modifier
// together with a modifier.
func IsOperator(text string) bool {
	word, modifier, _ := strings.Cut(text, " ")
	modifier = strings.TrimSpace(modifier)
	for _, o := range ops {
		if o.text == word {
			return modifier == "" || o.shape == shapeStr && slices.Contains(modTexts[1:], modifier)
		}
	}
	return false
}

// IsList tells whether the right side of the operator is a list.
func (o Op) IsList() bool { return o == OpIn || o == OpIntersects || o == OpPMatch }
