package web

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
)

// Listener is an address that pages are to be reached at.
type Listener struct {
	net.Listener
	host string // as it was named
}

// Listen takes an address: host:port, where port 0 is a free one. One that is no
// address is an error of kind pipeline.ErrConfig, one that cannot be had of kind
// pipeline.ErrOutput.
func Listen(ctx context.Context, addr string) (*Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrConfig, Value: addr, Msg: "--addr: is no address", Hint: "write host:port, as 127.0.0.1:8580"}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // without the address once more
		}
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "cannot listen on " + addr, Err: err, Hint: "another program may be there: --addr names another address, with port 0 a free one"}
	}
	return &Listener{l, host}, nil
}

// Local reports whether only this machine reaches the address.
func (l *Listener) Local() bool {
	addr, ok := l.Addr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

// URL is the page's address, for a browser on this machine.
func (l *Listener) URL() string {
	host, port, _ := net.SplitHostPort(l.Addr().String()) // it is one
	switch ip := net.ParseIP(host); {
	case ip != nil && ip.IsUnspecified():
		host = "127.0.0.1"
	case l.host != "" && !strings.EqualFold(l.host, host):
		host = l.host // localhost
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// Serve lets a handler answer until ctx ends: what it is at then it finishes, for
// some seconds at most. It gets only requests that read and that name this machine,
// see Guard.
func (l *Listener) Serve(ctx context.Context, h http.Handler) error {
	server := &http.Server{
		Handler:           Guard(l.host, h),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute, // what is asked for may have to be made first
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,                   // a filter names its values in the address
		ErrorLog:          log.New(io.Discard, "", 0), // of connections that browsers break off
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err := server.Shutdown(last)
		if err != nil {
			err = server.Close() // what is still open is broken off
		}
		stopped <- err
	})
	err := server.Serve(l)
	if !stop() { // it was told to
		err = <-stopped
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "the server has ended", Err: err}
	}
	return nil
}
