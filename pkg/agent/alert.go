// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/internal/jsontext"
	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/state"
)

// alerter turns a match into an alert. What it hands out owns its texts: the
// event may be gone before they are written.
type alerter struct {
	host    string
	outputs *output.Outputs
	ev      *state.Event // that is being evaluated
	buf     []byte
	num     uint64
	matches map[string]uint64 // by rule
	base64  bool              // show data buffers so
	flights *flights          // has the recorder that rules may have write files
}

func (a *alerter) raise(r *rules.Rule) {
	a.num++
	a.matches[r.Name]++
	a.ev.Base64 = a.base64
	a.buf = r.Output.Append(a.buf[:0], a.ev)
	alert := &output.Alert{
		Time: a.ev.TS, Rule: r.Name, Source: r.Source, Hostname: a.host, Message: string(a.buf),
		Priority: r.Priority, Tags: r.Tags,
	}
	fields := r.Output.Fields()
	for i := range fields {
		f := &fields[i]
		a.buf = f.AppendJSON(a.buf[:0], a.ev)
		alert.Fields = append(alert.Fields, output.KV{Key: f.Name, Value: string(a.buf)})
	}
	for i := range r.Extra {
		alert.Fields = append(alert.Fields, a.extra(&r.Extra[i]))
	}
	a.outputs.Send(alert)
	if rec := a.flights.on; rec != nil {
		rec.Match(a.ev, r.Name, r.Capture, time.Duration(r.CaptureDuration)*time.Millisecond)
	}
}

// extra is a field that append_output adds.
func (a *alerter) extra(x *rules.Extra) output.KV {
	if x.Raw {
		a.buf = x.Format.AppendJSON(a.buf[:0], a.ev)
		return output.KV{Key: x.Name, Value: string(a.buf)}
	}
	a.buf = x.Format.Append(a.buf[:0], a.ev)
	return output.KV{Key: x.Name, Value: string(jsontext.AppendString(nil, string(a.buf)))}
}

func openOutputs(cfg *config.Config, opt Options) (*output.Outputs, error) {
	out := output.Options{
		Encoder: output.Encoder{
			JSON: cfg.JSONOutput, Output: cfg.JSONIncludeOutput, Fields: cfg.JSONIncludeOutputFields,
			Tags: cfg.JSONIncludeTags, Message: cfg.JSONIncludeMessage, ISOTime: cfg.TimeISO8601,
		},
		Capacity: int(cfg.OutputsQueue.Capacity), Buffered: cfg.BufferedOutputs,
		Wait:   opt.Capture != "",
		Report: func(err error) { opt.Log.Error(err) },
	}
	choosePlaces(&out, cfg, opt)
	return output.New(out)
}

// choosePlaces says where alerts go.
func choosePlaces(out *output.Options, cfg *config.Config, opt Options) {
	if cfg.StdoutOutput.Enabled {
		out.Stdout = opt.Stdout
	}
	if cfg.FileOutput.Enabled {
		out.File = &output.FileOptions{Name: cfg.FileOutput.Filename, KeepAlive: cfg.FileOutput.KeepAlive}
	}
	out.Syslog = cfg.SyslogOutput.Enabled
	if cfg.ProgramOutput.Enabled {
		out.Program = &output.ProgramOptions{Command: cfg.ProgramOutput.Program, KeepAlive: cfg.ProgramOutput.KeepAlive}
	}
	if cfg.HTTPOutput.Enabled {
		out.HTTP = httpOptions(&cfg.HTTPOutput, opt.Stdout)
	}
}

func httpOptions(h *config.HTTPOutput, stdout io.Writer) *output.HTTPOptions {
	opt := &output.HTTPOptions{
		URL: h.URL, UserAgent: h.UserAgent, Insecure: h.Insecure, Compress: h.CompressUploads, KeepAlive: h.KeepAlive,
		Timeout: time.Duration(h.TimeoutMS) * time.Millisecond, Again: int(h.MaxTimeouts),
	}
	for _, path := range []string{h.CACert, h.CABundle, h.CAPath} {
		if path != "" {
			opt.CAs = append(opt.CAs, path)
		}
	}
	if h.Echo {
		opt.Echo = stdout
	}
	if h.MTLS {
		opt.Cert, opt.Key = h.ClientCert, h.ClientKey
	}
	return opt
}

// closeOutputs writes what waits and tells of alerts that could not be written.
// A replay has time, and fails when one is lost.
func closeOutputs(outputs *output.Outputs, opt Options) error {
	log, ctx := opt.Log, context.Background()
	if opt.Capture == "" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeTime)
		defer cancel()
	}
	err := outputs.Close(ctx)
	for _, s := range outputs.Stats() {
		if s.Lost == 0 {
			continue
		}
		log.Errorf("output %s: %d alerts lost, %d written", s.Name, s.Lost, s.Sent)
		if opt.Capture != "" {
			err = errors.Join(err, fmt.Errorf("output %s lacks alerts of the capture", s.Name))
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		log.Errorf("outputs did not take the last alerts within %v", closeTime)
		return nil
	}
	return err
}
