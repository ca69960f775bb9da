// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"testing"

	"github.com/eyas-security/eyas/pkg/internal/itemtest"
)

// TestLanguage wants a test that names every item of testdata/language.txt.
func TestLanguage(t *testing.T) { itemtest.Check(t, "testdata/language.txt", "../..") }
