package bronze

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/smeltdata/smelt/pipeline"
	"github.com/smeltdata/smelt/pipeline/check"
)

// Digests identify all that decides what a file's records become: the mapping,
// apart from where files and tables are, under the key "smelt.yml", and the
// content of each lookup and list of returned orders under its name. Equal
// digests, and equal files, give equal tables.
func Digests(ctx context.Context, m *Mapping) (map[string]string, error) {
	h := sha256.New()
	for _, s := range m.Sources {
		s.Files = nil
		canonical(h, reflect.ValueOf(s))
	}
	canonical(h, reflect.ValueOf(m.Location))
	canonical(h, reflect.ValueOf(m.Lookups))
	canonical(h, reflect.ValueOf(m.Rules))
	for _, c := range m.Checks {
		if c.OnFailure == check.Quarantine { // others change no row
			c.Name, c.Doc, c.Severity, c.WarnIf, c.ErrorIf, c.Keep = c.ID(), "", "", nil, nil, nil
			canonical(h, reflect.ValueOf(c))
		}
	}
	out := map[string]string{"smelt.yml": hex.EncodeToString(h.Sum(nil))}
	for _, ref := range m.references() {
		files, err := expand(m.Dir, ref.files, ref.read, false)
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		for _, file := range files {
			f := &InputFile{File: file}
			if !f.again() {
				// It cannot be read twice: never equal to an earlier one.
				fmt.Fprintf(h, "%s %d\n", file.Name, time.Now().UnixNano())
				continue
			}
			if err := f.identify(ctx, Identity{}); err != nil {
				return nil, err
			}
			fmt.Fprintf(h, "%s %s\n", file.Name, f.Hash)
		}
		out[ref.name] = hex.EncodeToString(h.Sum(nil))
	}
	return out, nil
}

// reference is a lookup, or a list of returned orders.
type reference struct {
	name  string
	files []string
	read  pipeline.File
}

// references returns what a mapping reads besides its sources, always in one order.
func (m *Mapping) references() (out []reference) {
	for _, name := range slices.Sorted(maps.Keys(m.Lookups)) {
		out = append(out, reference{"lookup " + name, m.Lookups[name].Files, m.Lookups[name].Read})
	}
	for i, r := range m.Rules.ReturnedOrders {
		out = append(out, reference{fmt.Sprintf("list %d of returned orders", i+1), r.Files, r.Read})
	}
	return out
}

// canonical writes a value of a mapping as a text that no other value has. Where it
// stands in smelt.yml does not matter.
func canonical(w io.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			fmt.Fprint(w, "nil ")
			return
		}
		if l, ok := v.Interface().(*time.Location); ok {
			fmt.Fprintf(w, "%q ", l.String())
			return
		}
		canonical(w, v.Elem())
	case reflect.Struct:
		fmt.Fprint(w, "{ ")
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Line" && name != "Col" && v.Type().Field(i).IsExported() {
				fmt.Fprintf(w, "%s ", name)
				canonical(w, v.Field(i))
			}
		}
		fmt.Fprint(w, "} ")
	case reflect.Slice, reflect.Array:
		// An empty list is not none: see Rules.
		fmt.Fprintf(w, "[%d %t ", v.Len(), v.Kind() == reflect.Slice && v.IsNil())
		for i := range v.Len() {
			canonical(w, v.Index(i))
		}
		fmt.Fprint(w, "] ")
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		fmt.Fprintf(w, "(%d ", len(keys))
		for _, k := range keys {
			fmt.Fprintf(w, "%q ", k.String())
			canonical(w, v.MapIndex(k))
		}
		fmt.Fprint(w, ") ")
	default:
		fmt.Fprintf(w, "%#v ", v.Interface())
	}
}
