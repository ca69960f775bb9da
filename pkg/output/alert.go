// SPDX-License-Identifier: Apache-2.0

package output

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eyas-security/eyas/pkg/internal/jsontext"
	"github.com/eyas-security/eyas/pkg/rules"
)

// Alert is what a rule has to say about an event. It owns all it holds: the event may be gone.
type Alert struct {
	Time     uint64 // ns since 1970
	Rule     string
	Source   string
	Hostname string
	Message  string // the rule's output, without time and priority
	Priority rules.Priority
	Tags     []string
	Fields   []KV // any order; of equal keys the first counts
}

// KV is a field with its value as JSON (a number, text, list or null).
type KV struct {
	Key   string
	Value string
}

// Encoder turns alerts into lines.
type Encoder struct {
	JSON    bool // JSON instead of text
	Output  bool // JSON alerts have these members:
	Fields  bool
	Tags    bool
	Message bool
	ISOTime bool           // dates instead of the time of day
	Zone    *time.Location // of the times in the text
}

const (
	clockLayout = "15:04:05.000000000"
	isoLayout   = "2006-01-02T15:04:05.000000000-0700"
	utcLayout   = "2006-01-02T15:04:05.000000000Z"
)

// Append appends the alert as one line with its newline.
func (e *Encoder) Append(dst []byte, a *Alert) []byte {
	if e.JSON {
		dst = e.appendJSON(dst, a)
	} else {
		dst = jsontext.AppendEscaped(dst, e.text(a))
	}
	return append(dst, '\n')
}

func (e *Encoder) text(a *Alert) []byte {
	layout, zone := clockLayout, e.Zone
	if e.ISOTime {
		layout = isoLayout
	}
	if zone == nil {
		zone = time.Local
	}
	b := clock(a.Time).In(zone).AppendFormat(make([]byte, 0, 64+len(a.Message)), layout)
	b = append(b, ": "...)
	b = append(b, a.Priority.String()...)
	b = append(b, ' ')
	return append(b, a.Message...)
}

func clock(ns uint64) time.Time { return time.Unix(int64(ns/1e9), int64(ns%1e9)) }

// appendJSON writes the members in alphabetical order.
func (e *Encoder) appendJSON(dst []byte, a *Alert) []byte {
	dst = appendMember(dst, '{', "hostname")
	dst = jsontext.AppendString(dst, a.Hostname)
	if e.Message {
		dst = appendMember(dst, ',', "message")
		dst = jsontext.AppendString(dst, a.Message)
	}
	if e.Output {
		dst = appendMember(dst, ',', "output")
		dst = jsontext.AppendString(dst, e.text(a))
	}
	if e.Fields {
		dst = appendMember(dst, ',', "output_fields")
		dst = e.appendFields(dst, a)
	}
	dst = appendMember(dst, ',', "priority")
	dst = jsontext.AppendString(dst, a.Priority.String())
	dst = appendMember(dst, ',', "rule")
	dst = jsontext.AppendString(dst, a.Rule)
	dst = appendMember(dst, ',', "source")
	dst = jsontext.AppendString(dst, a.Source)
	if e.Tags {
		dst = appendMember(dst, ',', "tags")
		dst = appendTags(dst, a.Tags)
	}
	dst = appendMember(dst, ',', "time")
	dst = clock(a.Time).UTC().AppendFormat(append(dst, '"'), utcLayout)
	return append(dst, '"', '}')
}

func appendMember(dst []byte, before byte, key string) []byte {
	dst = append(dst, before)
	dst = jsontext.AppendString(dst, key)
	return append(dst, ':')
}

func appendTags(dst []byte, tags []string) []byte {
	if !slices.IsSorted(tags) {
		tags = slices.Sorted(slices.Values(tags))
	}
	dst = append(dst, '[')
	for i, tag := range tags {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.AppendString(dst, tag)
	}
	return append(dst, ']')
}

// appendFields adds the time of the event to the rule's fields, under the name by which the text shows it.
func (e *Encoder) appendFields(dst []byte, a *Alert) []byte {
	fields := make([]KV, 0, len(a.Fields)+1)
	name := "evt.time"
	if e.ISOTime {
		name = "evt.time.iso8601"
	}
	fields = append(fields, KV{name, strconv.FormatUint(a.Time, 10)})
	fields = append(fields, a.Fields...)
	slices.SortStableFunc(fields, func(x, y KV) int { return strings.Compare(x.Key, y.Key) })
	before := byte('{')
	for i, f := range fields {
		if i > 0 && f.Key == fields[i-1].Key {
			continue
		}
		dst = appendMember(dst, before, f.Key)
		dst = append(dst, f.Value...)
		before = ','
	}
	return append(dst, '}')
}
