// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"io"

	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/state"
)

// ReadCapture calls show for every event of a capture that is to be seen and for
// which the condition holds, in order. Damage is an error after all events before
// it. An error of show ends it.
func ReadCapture(ctx context.Context, src io.Reader, condition *Matcher, show func(*state.Event) error) error {
	r, err := scap.NewReader(src, nil)
	if err != nil {
		return err
	}
	var ev state.Event
	for ctx.Err() == nil {
		err := r.Next(&ev.Event)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		st := r.State()
		st.Update(&ev)
		if r.Shown() && condition.Match(&ev) {
			err = show(&ev)
		}
		st.Done(&ev)
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
