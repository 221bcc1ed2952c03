package dashboard

import (
	"maps"
	"slices"
	"sync"

	"github.com/smeltdata/smelt/internal/web"
)

// With returns a filter whose lines must also have one of the values of a dimension,
// beside those that it names already. Equal filters are equal texts as JSON.
func (f Filter) With(dimension string, values ...string) Filter {
	if len(values) == 0 {
		return f
	}
	f.In = maps.Clone(f.In)
	if f.In == nil {
		f.In = map[string][]string{}
	}
	all := slices.Concat(f.In[dimension], values)
	slices.Sort(all)
	f.In[dimension] = slices.Compact(all)
	return f
}

// answersSize is how many bytes of answers are kept for a version of the lake.
const answersSize = 32 << 20

// answers are the newest answers to filters, as many as have room. It is safe for
// concurrent use.
type answers struct {
	mu     sync.Mutex
	room   int
	files  map[string]*web.File
	oldest []string // by the last use
}

func newAnswers(room int) *answers { return &answers{room: room, files: map[string]*web.File{}} }

// get returns an answer, nil where it is not kept.
func (a *answers) get(key string) *web.File {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.files[key]
	if f != nil {
		i := slices.Index(a.oldest, key)
		a.oldest = append(slices.Delete(a.oldest, i, i+1), key)
	}
	return f
}

// put keeps an answer, and forgets those of the longest time ago for it.
func (a *answers) put(key string, f *web.File) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.files[key] != nil {
		return
	}
	a.files[key], a.oldest, a.room = f, append(a.oldest, key), a.room-f.Size()-len(key)
	for a.room < 0 {
		old := a.oldest[0]
		a.room += a.files[old].Size() + len(old)
		delete(a.files, old)
		a.oldest = a.oldest[1:]
	}
}
