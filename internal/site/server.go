package site

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/web"
	"github.com/smeltdata/smelt/pipeline"
)

// Server hands out the documentation of a lake as it is now:
//
//	/              the page
//	/catalog.json  what it shows, a catalog.Catalog
//	/target/…      dbt's artefacts: /target/manifest.json
//
// It reads; web.Listener.Serve keeps away whom that is not for. Its fields are set
// once; it is safe for concurrent use.
type Server struct {
	Stamp   func() string
	Collect func(ctx context.Context) (*catalog.Catalog, error) // anew where Stamp has changed
	Failed  func(err error)                                     // is told of a catalog that could not be collected

	mu    sync.Mutex
	stamp string
	files map[string]*web.File // by path; nil = not collected yet
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	files, err := s.now(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	f := files[r.URL.Path]
	if f == nil {
		http.Error(w, "there is no such page; / is the documentation", http.StatusNotFound)
		return
	}
	f.ServeHTTP(w, r)
}

// now returns the files as the lake is now. Of several requests at once one makes
// them and the others wait.
func (s *Server) now(ctx context.Context) (map[string]*web.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stamp := s.Stamp() // before the lake is looked at: what comes meanwhile is new
	if s.files != nil && stamp == s.stamp {
		return s.files, nil
	}
	files, err := s.collect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.Failed(err)
		}
		return nil, err
	}
	s.stamp, s.files = stamp, files
	return files, nil
}

// collect makes the files.
func (s *Server) collect(ctx context.Context) (map[string]*web.File, error) {
	c, err := s.Collect(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]*web.File{}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	out["/catalog.json"] = web.NewFile("catalog.json", text)
	dir, err := os.MkdirTemp("", "smelt-docs-")
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, Msg: "cannot make a temporary folder", Err: err, Hint: "TMPDIR names another place for it"}
	}
	defer os.RemoveAll(dir)
	if err := Write(dir, c); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Msg: "cannot be read", Err: err}
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, &pipeline.Error{Kind: pipeline.ErrOutput, File: dir, Msg: "cannot be read", Err: err}
		}
		at := "/target/" + e.Name()
		if e.Name() == Page {
			at = "/"
		}
		out[at] = web.NewFile(e.Name(), text)
	}
	return out, nil
}
