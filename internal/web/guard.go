package web

import (
	"net"
	"net/http"
	"strings"
)

// Guard lets a handler have only requests that read, and that name this machine by
// host, the one that it listens on ("" and "0.0.0.0" are all): a web page from
// elsewhere, whose name somebody has made to lead here, learns nothing. Answers say
// that they are for nobody else's pages; the handler adds a policy of its own where
// it answers with a page.
func Guard(host string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Content-Security-Policy", strict)
		head.Set("Cache-Control", "no-cache") // kept, but asked for: the tag tells whether it has changed
		switch {
		case !knows(host, r.Host):
			http.Error(w, "this server does not answer to that name: open it by the address that it has printed", http.StatusForbidden)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			head.Set("Allow", "GET, HEAD")
			http.Error(w, "this server can only be read", http.StatusMethodNotAllowed)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// knows reports whether a Host header names a server: by the address that it
// listens on, as localhost, or, where it listens on all, by any number. A name
// that somebody has made to lead here is none of these.
func knows(own, asked string) bool {
	if name, _, err := net.SplitHostPort(asked); err == nil {
		asked = name
	}
	asked = strings.Trim(asked, "[]")
	ip, ownIP := net.ParseIP(asked), net.ParseIP(own)
	switch {
	case strings.EqualFold(asked, "localhost"), ip != nil && ip.IsLoopback():
		return true
	case own == "" || ownIP != nil && ownIP.IsUnspecified():
		return ip != nil
	case ip != nil && ownIP != nil:
		return ip.Equal(ownIP)
	}
	return strings.EqualFold(asked, own)
}
