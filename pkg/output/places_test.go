// SPDX-License-Identifier: Apache-2.0

package output

import (
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/rules"
)

// sendAll sends alerts through one kind of output, and returns its counts and
// what it reported.
func sendAll(t *testing.T, opt Options, n int) (Stats, string) {
	t.Helper()
	var mu sync.Mutex
	var reports strings.Builder
	opt.Report = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(&reports, err)
	}
	opt.reportTime = time.Hour
	o := open(t, opt)
	for i := range n {
		o.Send(alertN(i))
	}
	closeAll(t, o)
	mu.Lock()
	defer mu.Unlock()
	return o.Stats()[0], reports.String()
}

func TestProgram(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "got")
	for _, keep := range []bool{false, true} {
		os.Remove(file)
		s, reports := sendAll(t, Options{Program: &ProgramOptions{Command: "echo start >> " + file + "; cat >> " + file, KeepAlive: keep}}, 3)
		if s != (Stats{"program", 3, 0}) || reports != "" {
			t.Errorf("keep alive %v: %+v %s", keep, s, reports)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := "start\n" + text(0, 3)
		if !keep {
			want = "start\n" + text(0, 1) + "start\n" + text(1, 2) + "start\n" + text(2, 3)
		}
		if string(got) != want {
			t.Errorf("keep alive %v: got\n%s\nwant\n%s", keep, got, want)
		}
	}
}

// A program that fails loses its alerts, which is told.
func TestProgramFails(t *testing.T) {
	s, reports := sendAll(t, Options{Program: &ProgramOptions{Command: "exit 3"}}, 2)
	if s != (Stats{"program", 0, 2}) || !strings.Contains(reports, "output program: run exit 3: exit status 3; alerts lost: 2") {
		t.Errorf("%+v %s", s, reports)
	}
}

// A program that ends is started again.
func TestProgramEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "got")
	p := openProgram(ProgramOptions{Command: "head -n 1 >> " + file, KeepAlive: true}).(*runningProgram)
	for i := range 2 {
		if _, err := p.Write([]byte(text(i, i+1))); err != nil {
			t.Fatal(err)
		}
		if err := p.Reopen(); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err == nil {
		t.Error("no error of a program that was killed")
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != text(0, 2) {
		t.Errorf("%v: got %s", err, got)
	}
}

func TestSyslog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	conn, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	o := open(t, Options{Syslog: true, syslog: [2]string{"unixgram", path}})
	for p := rules.Emergency; p <= rules.Debug; p++ {
		o.Send(&Alert{Message: "m", Priority: p})
	}
	closeAll(t, o)
	buf := make([]byte, 1024)
	for p := rules.Emergency; p <= rules.Debug; p++ {
		n, _, err := conn.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		head, tail := fmt.Sprintf("<%d>", 8+p), fmt.Sprintf(" eyas[%d]: 00:00:00.000000000: %s m\n", os.Getpid(), p)
		if got := string(buf[:n]); !strings.HasPrefix(got, head) || !strings.HasSuffix(got, tail) {
			t.Errorf("got %q, want %s…%q", got, head, tail)
		}
	}
	if _, err := New(Options{Capacity: 1, Syslog: true, syslog: [2]string{"unixgram", path + "x"}}); err == nil {
		t.Error("no error without a log")
	}
}

// posted is a server that notes requests.
type posted struct {
	mu     sync.Mutex
	got    []string
	status int
}

func (p *posted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	b, _ := io.ReadAll(body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, strings.Join([]string{r.Method, r.URL.Path, r.UserAgent(), r.Header.Get("Content-Type"), string(b)}, "|"))
	w.WriteHeader(p.status)
}

func TestHTTP(t *testing.T) {
	p := &posted{status: http.StatusOK}
	server := httptest.NewTLSServer(p)
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	base := HTTPOptions{URL: server.URL + "/in", UserAgent: "eyas/1", Timeout: time.Minute}
	tests := []struct {
		name   string
		change func(*HTTPOptions)
		status int
		lost   string // part of the report; "" = the alert arrives
	}{
		{"trusted", func(o *HTTPOptions) { o.CAs = []string{ca} }, 200, ""},
		{"trusted folder, one connection", func(o *HTTPOptions) { o.CAs, o.KeepAlive = []string{filepath.Dir(ca)}, true }, 201, ""},
		{"not verified", func(o *HTTPOptions) { o.Insecure = true }, 200, ""},
		{"compressed", func(o *HTTPOptions) { o.Insecure, o.Compress = true, true }, 200, ""},
		{"not trusted", func(o *HTTPOptions) {}, 200, "certificate"},
		{"refused", func(o *HTTPOptions) { o.Insecure = true }, 503, "503 Service Unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opt := base
			tt.change(&opt)
			p.got, p.status = nil, tt.status
			s, reports := sendAll(t, Options{HTTP: &opt}, 2)
			if tt.lost != "" {
				if s.Lost != 2 || !strings.Contains(reports, tt.lost) {
					t.Errorf("%+v, reports %s, want %s", s, reports, tt.lost)
				}
				return
			}
			want := "POST|/in|eyas/1|text/plain; charset=utf-8|00:00:00.000000000: Emergency number 1"
			if s.Sent != 2 || len(p.got) != 2 || p.got[1] != want {
				t.Errorf("%+v %s, got %q", s, reports, p.got)
			}
		})
	}
}

// Answers are echoed, each as a line, those that refuse too.
func TestHTTPEcho(t *testing.T) {
	answers := []string{"taken", "taken\n", "", "no room\n"}
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n == len(answers)-1 {
			w.WriteHeader(http.StatusInsufficientStorage)
		}
		fmt.Fprint(w, answers[n])
		n++
	}))
	defer server.Close()
	var echo strings.Builder
	p, err := openHTTP(HTTPOptions{URL: server.URL, Timeout: time.Minute, Echo: &echo}, true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range answers {
		if err := p.WriteLine([]byte("{}\n")); (err == nil) != (i < len(answers)-1) {
			t.Errorf("answer %d: %v", i, err)
		}
	}
	if want := "taken\ntaken\nno room\n"; echo.String() != want {
		t.Errorf("got %q, want %q", &echo, want)
	}
}

// A server that does not answer costs an alert no more than the timeout, and the
// agent nothing.
func TestHTTPTimeout(t *testing.T) {
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	defer server.Close()
	defer close(done)
	p, err := openHTTP(HTTPOptions{URL: server.URL, Timeout: time.Millisecond}, true)
	if err != nil {
		t.Fatal(err)
	}
	var timeout interface{ Timeout() bool }
	if err := p.WriteLine([]byte("{}\n")); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %v", err)
	}
}

// roundTrip answers requests without a server.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What times out is posted again, as often as max_consecutive_timeouts says;
// what fails otherwise is not.
func TestHTTPAgain(t *testing.T) {
	tests := []struct {
		again, fail int
		with        error
		posts       int
		ok          bool
	}{
		{5, 5, os.ErrDeadlineExceeded, 6, true},
		{5, 6, os.ErrDeadlineExceeded, 6, false},
		{0, 1, os.ErrDeadlineExceeded, 1, false},
		{5, 1, io.ErrUnexpectedEOF, 1, false},
	}
	for _, tt := range tests {
		p, err := openHTTP(HTTPOptions{URL: "http://example.com", Timeout: time.Hour, Again: tt.again}, true)
		if err != nil {
			t.Fatal(err)
		}
		posts := 0
		p.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if text, err := io.ReadAll(r.Body); err != nil || string(text) != "{}" {
				t.Errorf("body %q: %v", text, err)
			}
			if posts++; posts <= tt.fail {
				return nil, tt.with
			}
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
		})
		if err := p.WriteLine([]byte("{}\n")); (err == nil) != tt.ok || posts != tt.posts {
			t.Errorf("%+v: %d posts, %v", tt, posts, err)
		}
	}
}

func TestHTTPRefuses(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, opt := range []HTTPOptions{
		{URL: "ftp://host/"}, {URL: "host"}, {URL: "http://"}, {URL: "https://host", CAs: []string{none}},
		{URL: "https://host", Cert: none, Key: none}, {URL: "https://host", CAs: []string{t.TempDir()}},
	} {
		if _, err := New(Options{Capacity: 1, HTTP: &opt}); err == nil || !strings.HasPrefix(err.Error(), "open outputs: http output: ") {
			t.Errorf("%+v: got %v", opt, err)
		}
	}
}

// What is open already is closed when the rest cannot be opened.
func TestOpenAllOrNone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "alerts")
	_, err := New(Options{Capacity: 1, File: &FileOptions{Name: name, KeepAlive: true}, HTTP: &HTTPOptions{}})
	if err == nil {
		t.Error("no error")
	}
	if o, err := New(Options{Capacity: 1}); err != nil || o.Close(context.Background()) != nil {
		t.Errorf("no outputs: %v", err)
	}
}
