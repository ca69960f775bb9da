// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// HTTPOptions says where alerts are posted, and how.
type HTTPOptions struct {
	URL       string
	UserAgent string
	Insecure  bool          // the server's certificate is not verified
	CAs       []string      // files and folders of certificates to trust, beside the system's
	Cert, Key string        // files of our own certificate; "" = none
	Compress  bool          // gzip
	KeepAlive bool          // one connection for all alerts
	Timeout   time.Duration // of a request
	Again     int           // how often an alert is posted again whose request took longer
	Echo      io.Writer     // what the server answers is written there; nil = nowhere
}

// A poster posts each alert in a request of its own.
type poster struct {
	HTTPOptions
	client      http.Client
	contentType string
}

func openHTTP(opt HTTPOptions, json bool) (*poster, error) {
	u, err := url.Parse(opt.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("http output: %q is no http or https address", opt.URL)
	}
	conf, err := opt.tls()
	if err != nil {
		return nil, fmt.Errorf("http output: %w", err)
	}
	p := &poster{HTTPOptions: opt, contentType: "text/plain; charset=utf-8"}
	if json {
		p.contentType = "application/json"
	}
	p.client = http.Client{
		Timeout:   opt.Timeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, DisableKeepAlives: !opt.KeepAlive},
	}
	return p, nil
}

func (opt *HTTPOptions) tls() (*tls.Config, error) {
	conf := &tls.Config{InsecureSkipVerify: opt.Insecure}
	if opt.Cert != "" {
		cert, err := tls.LoadX509KeyPair(opt.Cert, opt.Key)
		if err != nil {
			return nil, fmt.Errorf("read client certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	if len(opt.CAs) == 0 {
		return conf, nil
	}
	var err error
	if conf.RootCAs, err = x509.SystemCertPool(); err != nil {
		conf.RootCAs = x509.NewCertPool()
	}
	for _, path := range opt.CAs {
		if err := trust(conf.RootCAs, path); err != nil {
			return nil, fmt.Errorf("read certificates: %w", err)
		}
	}
	return conf, nil
}

// trust adds the certificates of a file, or of the files in a folder.
func trust(pool *x509.CertPool, path string) error {
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return err
	} else if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*")); err != nil {
			return err
		}
	}
	found := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		found = pool.AppendCertsFromPEM(text) || found
	}
	if !found {
		return fmt.Errorf("no certificate in %s", path)
	}
	return nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// WriteLine posts a line without its end, once more when there is no answer in
// time: the way to the server may be back soon. The server may get such an alert
// twice.
func (p *poster) WriteLine(line []byte) (err error) {
	for range p.Again + 1 {
		var late interface{ Timeout() bool }
		if err = p.post(line); !errors.As(err, &late) || !late.Timeout() {
			return err
		}
	}
	return err
}

// post makes one request. A server that does not answer with success has not
// taken the alert.
func (p *poster) post(line []byte) error {
	req, err := p.request(bytes.TrimSuffix(line, []byte{'\n'}))
	if err != nil {
		return err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("post to %s: %w", p.URL, err)
	}
	if len(answer) > 0 && p.Echo != nil {
		// What became of the alert does not hang on who reads the answer.
		_, _ = p.Echo.Write(append(bytes.TrimSuffix(answer, []byte{'\n'}), '\n'))
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("post to %s: %s", p.URL, resp.Status)
	}
	return nil
}

func (p *poster) request(body []byte) (*http.Request, error) {
	if p.Compress {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		body = b.Bytes()
	}
	req, err := http.NewRequest(http.MethodPost, p.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", p.contentType)
	req.Header.Set("User-Agent", p.UserAgent)
	if p.Compress {
		req.Header.Set("Content-Encoding", "gzip")
	}
	return req, nil
}

func (p *poster) Reopen() error { return nil }

func (p *poster) Close() error {
	p.client.CloseIdleConnections()
	return nil
}
