// SPDX-License-Identifier: Apache-2.0

package event

import (
	"fmt"
	"slices"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Encode builds an event from parameter names and texts, for test scripts and
// corpora. Parameters that are not named have length 0, as one whose text is
// "<NA>". The texts:
//
//	numbers    12  -1  0x1f  0644
//	results    a number or an errno name: ENOENT is -2
//	fds        a number, AT_FDCWD or an errno name
//	flags      names of the table and numbers: O_RDONLY|O_CLOEXEC
//	signals    SIGKILL or 9
//	syscalls   a name or an sc code
//	texts      as they are
//	lists      words as in a shell: -c 'cat /etc/shadow'
//	addresses  10.0.0.1:80  [::1]:80  /run/a.sock
//	tuples     10.0.0.1:1000->10.0.0.2:80  [::1]:1->[::2]:2  1f->2a /run/a.sock
//	fd lists   4:64,5:1 (fd, events)
//	choices    INDEX:TEXT for a parameter whose type varies
func Encode(dst []byte, t schema.EventType, ts uint64, tid int64, values map[string]string) ([]byte, error) {
	info := t.Info()
	if info == nil {
		return dst, fmt.Errorf("encode event: unknown type %d", t)
	}
	params := make([][]byte, len(info.Params))
	known := 0
	for i := range info.Params {
		text, ok := values[info.Params[i].Name]
		if !ok {
			continue
		}
		known++
		b, err := encodeParam(&info.Params[i], text)
		if err != nil {
			return dst, fmt.Errorf("encode %s: parameter %s: %w", info.Name, info.Params[i].Name, err)
		}
		if info.LenSize == 2 && len(b) > 0xffff {
			return dst, fmt.Errorf("encode %s: parameter %s: %d bytes, at most 65535 fit", info.Name, info.Params[i].Name, len(b))
		}
		params[i] = b
	}
	if known < len(values) {
		return dst, unknownParam(info, values)
	}
	return Append(dst, t, ts, tid, params...), nil
}

func unknownParam(info *schema.Event, values map[string]string) error {
	var unknown []string
	for name := range values {
		if info.ParamIndex(name) < 0 {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	var have []string
	for i := range info.Params {
		have = append(have, info.Params[i].Name)
	}
	return fmt.Errorf("encode %s: no parameter %s (it has %s)", info.Name, unknown[0], have)
}
