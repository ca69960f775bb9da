// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// formats are files that are taken for captures, by how they begin.
var formats = []struct{ magic, name string }{
	{"\xd4\xc3\xb2\xa1", "network packets (pcap)"},
	{"\xa1\xb2\xc3\xd4", "network packets (pcap)"},
	{"\x4d\x3c\xb2\xa1", "network packets (pcap)"},
	{"\xa1\xb2\x3c\x4d", "network packets (pcap)"},
	{"\x7fELF", "a program (ELF)"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd, and only gzip is read"},
	{"\xfd7zXZ\x00", "compressed with xz, and only gzip is read"},
	{"BZh", "compressed with bzip2, and only gzip is read"},
	{"PK\x03\x04", "an archive (zip)"},
}

// typePackets is the number of the first block behind the section header of
// pcapng, which is that of a capture otherwise. It describes where packets come
// from.
const typePackets = 1

// checkHead tells why a file that begins with head, which is all of it when it is
// shorter than a section, is no capture.
func checkHead(head []byte) error {
	if len(head) == 0 {
		return fmt.Errorf("%w: it is empty", ErrNotCapture)
	}
	for _, f := range formats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return fmt.Errorf("%w: it looks like %s", ErrNotCapture, f.name)
		}
	}
	if len(head) < blockHeader || binary.LittleEndian.Uint32(head) != typeSection {
		return ErrNotCapture
	}
	if len(head) >= blockHeader+4 && binary.BigEndian.Uint32(head[blockHeader:]) == sectionMagic {
		return fmt.Errorf("%w that can be read here: its byte order is that of another kind of machine", ErrNotCapture)
	}
	return nil
}
