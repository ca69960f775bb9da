// SPDX-License-Identifier: Apache-2.0

//go:build linux && cgo

package cdriver

/*
#include <stddef.h>
#include "eyas.h"

struct field {
	const char *type;
	const char *name;
	size_t offset;
	size_t size;
};

struct constant {
	const char *name;
	unsigned long long value;
};

// A field without a name stands for its whole type.
#define TYPE(t)		{ #t, "", 0, sizeof(struct t) }
#define FIELD(t, f)	{ #t, #f, offsetof(struct t, f), sizeof(((struct t *)0)->f) }
#define CONST(c)	{ #c, (unsigned long long)(c) }

static const struct field fields[] = {
	TYPE(eyas_info),
	FIELD(eyas_info, size),
	FIELD(eyas_info, abi_major),
	FIELD(eyas_info, abi_minor),
	FIELD(eyas_info, schema_major),
	FIELD(eyas_info, schema_minor),
	FIELD(eyas_info, schema_patch),
	FIELD(eyas_info, reserved0),
	FIELD(eyas_info, num_cpus),
	FIELD(eyas_info, page_size),
	FIELD(eyas_info, reader_bytes),
	FIELD(eyas_info, producer_bytes),
	FIELD(eyas_info, data_bytes),
	FIELD(eyas_info, max_ring_bytes),
	FIELD(eyas_info, clock_offset),
	FIELD(eyas_info, features),
	FIELD(eyas_info, session),
	FIELD(eyas_info, max_sessions),
	TYPE(eyas_setup),
	FIELD(eyas_setup, size),
	FIELD(eyas_setup, flags),
	FIELD(eyas_setup, ring_bytes),
	FIELD(eyas_setup, snaplen),
	FIELD(eyas_setup, watermark),
	TYPE(eyas_snaplen),
	FIELD(eyas_snaplen, size),
	FIELD(eyas_snaplen, snaplen),
	TYPE(eyas_mask),
	FIELD(eyas_mask, size),
	FIELD(eyas_mask, reserved0),
	FIELD(eyas_mask, native),
	FIELD(eyas_mask, compat),
	FIELD(eyas_mask, tracepoints),
	FIELD(eyas_mask, multiplexed),
	TYPE(eyas_session_head),
	FIELD(eyas_session_head, id),
	FIELD(eyas_session_head, tgid),
	FIELD(eyas_session_head, started),
	FIELD(eyas_session_head, enabled),
	FIELD(eyas_session_head, reserved0),
	FIELD(eyas_session_head, comm),
	TYPE(eyas_sessions),
	FIELD(eyas_sessions, size),
	FIELD(eyas_sessions, num),
	FIELD(eyas_sessions, heads),
	TYPE(eyas_counter),
	FIELD(eyas_counter, recorded),
	FIELD(eyas_counter, partial),
	FIELD(eyas_counter, filtered_failed),
	FIELD(eyas_counter, filtered_self),
	FIELD(eyas_counter, drop_full),
	FIELD(eyas_counter, drop_nested),
	FIELD(eyas_counter, drop_too_large),
	FIELD(eyas_counter, drop_bad_reader),
	TYPE(eyas_session_stat),
	FIELD(eyas_session_stat, size),
	FIELD(eyas_session_stat, id),
	FIELD(eyas_session_stat, counters),
	FIELD(eyas_session_stat, num_counters),
	FIELD(eyas_session_stat, snaplen),
	FIELD(eyas_session_stat, ring_bytes),
	FIELD(eyas_session_stat, flags),
	FIELD(eyas_session_stat, num_rings),
	FIELD(eyas_session_stat, failed_rings),
	FIELD(eyas_session_stat, reserved0),
	FIELD(eyas_session_stat, head),
	FIELD(eyas_session_stat, mask),
	TYPE(eyas_reader),
	FIELD(eyas_reader, tail),
	FIELD(eyas_reader, sleeping),
	FIELD(eyas_reader, reserved0),
	TYPE(eyas_producer),
	FIELD(eyas_producer, head),
	FIELD(eyas_producer, busy),
	FIELD(eyas_producer, seq),
	FIELD(eyas_producer, generation),
	FIELD(eyas_producer, online),
	FIELD(eyas_producer, last_ts),
	FIELD(eyas_producer, reserved0),
	FIELD(eyas_producer, counters),
	TYPE(eyas_record),
	FIELD(eyas_record, seq),
	FIELD(eyas_record, flags),
	FIELD(eyas_record, native_nr),
	TYPE(eyas_event_header),
	FIELD(eyas_event_header, ts),
	FIELD(eyas_event_header, tid),
	FIELD(eyas_event_header, len),
	FIELD(eyas_event_header, type),
	FIELD(eyas_event_header, nparams),
	TYPE(eyas_ext_drop),
	FIELD(eyas_ext_drop, first_ts),
	FIELD(eyas_ext_drop, last_ts),
	FIELD(eyas_ext_drop, full),
	FIELD(eyas_ext_drop, nested),
	FIELD(eyas_ext_drop, too_large),
	FIELD(eyas_ext_drop, bad_reader),
};

static const struct constant constants[] = {
	CONST(EYAS_ABI_MAJOR),
	CONST(EYAS_ABI_MINOR),
	CONST(EYAS_SCHEMA_MAJOR),
	CONST(EYAS_SCHEMA_MINOR),
	CONST(EYAS_SCHEMA_PATCH),
	CONST(EYAS_MAX_RECORD),
	CONST(EYAS_MIN_RING),
	CONST(EYAS_MAX_SNAPLEN),
	CONST(EYAS_DEFAULT_SNAPLEN),
	CONST(EYAS_NR_SYSCALLS),
	CONST(EYAS_MASK_WORDS),
	CONST(EYAS_TP_SCHED_PROCESS_EXIT),
	CONST(EYAS_TP_SCHED_SWITCH),
	CONST(EYAS_TP_PAGE_FAULT_USER),
	CONST(EYAS_TP_PAGE_FAULT_KERNEL),
	CONST(EYAS_TP_SIGNAL_DELIVER),
	CONST(EYAS_NR_TRACEPOINTS),
	CONST(EYAS_MUX_SOCKETCALL),
	CONST(EYAS_MUX_IPC),
	CONST(EYAS_NR_MUX),
	CONST(EYAS_FEATURE_COMPAT),
	CONST(EYAS_FEATURE_PAGE_FAULT),
	CONST(EYAS_FEATURE_RT),
	CONST(EYAS_FEATURE_NO_LOCKS),
	CONST(EYAS_SETUP_DROP_FAILED),
	CONST(EYAS_SETUP_INCLUDE_SELF),
	CONST(EYAS_COUNTER_NATIVE),
	CONST(EYAS_COUNTER_COMPAT),
	CONST(EYAS_COUNTER_TP),
	CONST(EYAS_COUNTER_MUX),
	CONST(EYAS_NR_COUNTERS),
	CONST(EYAS_IOC_MAGIC),
	CONST(EYAS_IOC_INFO),
	CONST(EYAS_IOC_SETUP),
	CONST(EYAS_IOC_SET_MASK),
	CONST(EYAS_IOC_GET_MASK),
	CONST(EYAS_IOC_ENABLE),
	CONST(EYAS_IOC_DISABLE),
	CONST(EYAS_IOC_SESSIONS),
	CONST(EYAS_IOC_SESSION_STAT),
	CONST(EYAS_IOC_SET_SNAPLEN),
	CONST(EYAS_MMAP_READER),
	CONST(EYAS_MMAP_PRODUCER),
	CONST(EYAS_MMAP_DATA),
	CONST(EYAS_REC_COMPAT),
	CONST(EYAS_REC_X32),
	CONST(EYAS_REC_PARTIAL),
	CONST(EYAS_REC_DROP),
	CONST(EYAS_REC_TRACEPOINT),
	CONST(EYAS_REC_EXT),
	CONST(EYAS_EXT_END),
	CONST(EYAS_EXT_DROP),
	CONST(EYAS_EXT_PATH),
};

static const struct field *get_field(size_t i)
{
	return i < sizeof(fields) / sizeof(fields[0]) ? &fields[i] : NULL;
}

static const struct constant *get_constant(size_t i)
{
	return i < sizeof(constants) / sizeof(constants[0]) ? &constants[i] : NULL;
}

static const char *device_name(void)
{
	return EYAS_DEVICE;
}

static unsigned long long mmap_offset(unsigned int cpu, unsigned int kind)
{
	return EYAS_MMAP_OFFSET(cpu, kind);
}
*/
import "C"

// cField is the place of one field as the C compiler sees it. One without a
// name is the size of the whole type.
type cField struct {
	Type, Name   string
	Offset, Size int64
}

// cLayout lists every field of every structure of eyas.h, for TestLayout: cgo
// may not be used in a test file.
func cLayout() []cField {
	var fields []cField
	for i := C.size_t(0); ; i++ {
		f := C.get_field(i)
		if f == nil {
			return fields
		}
		fields = append(fields, cField{C.GoString(f._type), C.GoString(f.name), int64(f.offset), int64(f.size)})
	}
}

// cConstants lists the value of every constant of eyas.h.
func cConstants() map[string]uint64 {
	values := make(map[string]uint64)
	for i := C.size_t(0); ; i++ {
		c := C.get_constant(i)
		if c == nil {
			return values
		}
		values[C.GoString(c.name)] = uint64(c.value)
	}
}

func cDevice() string { return C.GoString(C.device_name()) }

func cMmapOffset(cpu, kind int) uint64 {
	return uint64(C.mmap_offset(C.uint(cpu), C.uint(kind)))
}
