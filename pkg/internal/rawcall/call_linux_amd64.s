// SPDX-License-Identifier: Apache-2.0

#include "textflag.h"

// func Int80(nr, a, b, c, d, e uint32) int32
TEXT ·Int80(SB), NOSPLIT, $0-28
	MOVL nr+0(FP), AX
	MOVL a+4(FP), BX
	MOVL b+8(FP), CX
	MOVL c+12(FP), DX
	MOVL d+16(FP), SI
	MOVL e+20(FP), DI
	INT  $0x80
	MOVL AX, ret+24(FP)
	RET

// func Int80x6(nr, a, b, c, d, e, f uint32) int32
TEXT ·Int80x6(SB), NOSPLIT, $0-36
	MOVL nr+0(FP), AX
	MOVL a+4(FP), BX
	MOVL b+8(FP), CX
	MOVL c+12(FP), DX
	MOVL d+16(FP), SI
	MOVL e+20(FP), DI
	MOVL f+24(FP), R8
	PUSHQ BP
	MOVL R8, BP
	INT  $0x80
	POPQ BP
	MOVL AX, ret+32(FP)
	RET

// func Child(nr, a, b, code uintptr) int64
TEXT ·Child(SB), NOSPLIT, $0-40
	MOVQ nr+0(FP), AX
	MOVQ a+8(FP), DI
	MOVQ b+16(FP), SI
	MOVQ code+24(FP), R12
	XORL DX, DX
	XORL R10, R10
	XORL R8, R8
	SYSCALL
	TESTQ AX, AX
	JNE  parent
	MOVQ R12, DI
	MOVL $60, AX // exit
	SYSCALL
	INT  $3 // not reached
parent:
	MOVQ AX, ret+32(FP)
	RET
