// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bytes"
	"errors"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/format"
)

// output compiles the output template.
func (c *compiler) output(def *ruleDef, r *Rule, loc location) bool {
	t := c.dropContainerInfo(trimBlank(def.output), loc)
	r.OutputText = t.String()
	f, err := def.own.parse(r.OutputText)
	if err != nil {
		return c.badOutput(def, t, loc, err)
	}
	c.warnDeprecated(f, t, loc)
	err = addTo(r, c.d.additions)
	if err == nil {
		r.Output, err = def.whole.parse(r.OutputText)
	}
	if err != nil {
		p := t.point(0)
		c.r.errorAt(ErrCompileOutput, c.d.files[p.file], p, loc, "what append_output adds: %v", err)
		return false
	}
	return true
}

// parsedOutput keeps the last output that was parsed: each file compiles the
// rules of those before it once more.
type parsedOutput struct {
	text string
	f    *format.Format
}

func (p *parsedOutput) parse(text string) (*format.Format, error) {
	if p.f != nil && p.text == text {
		return p.f, nil
	}
	f, err := format.Parse("*" + text)
	*p = parsedOutput{text, f}
	return f, err
}

// badOutput reports what is wrong with an output, or that its rule is skipped.
func (c *compiler) badOutput(def *ruleDef, t text, loc location, err error) bool {
	if def.skipUnknown && filter.IsUnknownName(err) {
		p := t.point(0)
		c.r.warnAt(WarnUnknownFilter, c.d.files[p.file], p, loc, "the rule is skipped: %v", err)
		return false
	}
	var list filter.ErrorList
	if !errors.As(err, &list) {
		list = filter.ErrorList{{Msg: err.Error()}}
	}
	for _, e := range list {
		p := t.point(e.Start - len("*"))
		c.r.errorSpan(ErrCompileOutput, c.d.files[p.file], p, e.End-e.Start, loc, "%s", e.Msg)
	}
	return false
}

// containerInfo was once replaced by what describes a container. append_output
// adds that now.
const containerInfo = "%container.info"

func (c *compiler) dropContainerInfo(t text, loc location) text {
	for {
		i := bytes.Index(t.b, []byte(containerInfo))
		if i < 0 {
			return t
		}
		p, end := t.point(i), i+len(containerInfo)
		c.r.warnDeprecatedField(c.d.files[p.file], p, len(containerInfo), loc, containerInfo[1:],
			"%container.info is deprecated and left out: append_output adds what describes the container")
		t = trimBlank(text{append(bytes.Clone(t.b[:i]), t.b[end:]...), append(append([]point{}, t.at[:i]...), t.at[end:]...)})
	}
}

func (c *compiler) warnDeprecated(f *format.Format, t text, loc location) {
	fields := f.Fields()
	for i := range fields {
		ref := fields[i].Ref()
		if ref.Flags&field.Deprecated == 0 {
			continue
		}
		p := t.point(fields[i].At.Start - len("*"))
		c.r.warnDeprecatedField(c.d.files[p.file], p, fields[i].At.End-fields[i].At.Start, loc, ref.Name,
			"field "+ref.Text+" is deprecated: "+ref.Desc)
	}
}

func trimBlank(t text) text {
	i, j := 0, len(t.b)
	for i < j && isSpace(t.b[i]) {
		i++
	}
	for j > i && isSpace(t.b[j-1]) {
		j--
	}
	return text{t.b[i:j], t.at[i:j]}
}
