// Package synth makes sample shops: customers, products and two years of sales
// as CSV files, with the mess of real life in them, and the smelt.yml that maps
// them. It is what "smelt demo" and "smelt generate" write.
//
// A shop follows from its Options alone: the same options give the same bytes,
// whatever the machine and the number of workers. Every order, customer and
// product has random numbers of its own, so that any part of a file can be made
// without what stands before it, and a return or a correction can look up the
// order that it is about by making it again.
package synth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/smeltdata/smelt/pipeline"
)

// Options say which shop to make.
type Options struct {
	Rows    int64   // records in the sales files, at least 1
	Seed    uint64  // another seed is another shop
	Messy   float64 // share of the sales records that get a blemish, 0 to 1; customers and products get five times that
	Shuffle bool    // put the lines of each sales file in a random order
	Workers int     // goroutines that make records; 0 = one for each processor
}

// DefaultMessy is the share of blemishes that "smelt generate" uses.
const DefaultMessy = 0.01

// DemoOptions are those of the shop that "smelt demo" shows: 100,000 sales
// records, 2,000 customers, 500 products.
var DemoOptions = Options{Rows: 100_000, Seed: 1, Messy: 0.02}

// Shop is what was written.
type Shop struct {
	Dir       string
	Config    string // path of its smelt.yml
	Files     []File // customers, products and sales, in this order
	Customers int64  // different ones
	Products  int64  // different ones
	Orders    int64
	Mess      map[Mess]int64 // how often each kind of mess occurs, in all files
}

// File is one CSV file of a shop.
type File struct {
	Name    string
	Records int64 // ragged and repeated ones included, header and blank lines not
	Bytes   int64
}

// Sales returns the number of sales records and the size of their files.
func (s Shop) Sales() (records, bytes int64) {
	for _, f := range s.Files[2:] {
		records, bytes = records+f.Records, bytes+f.Bytes
	}
	return records, bytes
}

// Orders and records that one piece of a file holds: some megabytes.
const (
	chunkOrders  = 8192
	chunkRecords = 8192
)

// CustomersOf returns how many customers a shop of so many sales records has.
func CustomersOf(rows int64) int64 { return min(max(rows/50, 10), 5_000_000) }

// ProductsOf returns how many products a shop of so many sales records has.
func ProductsOf(rows int64) int64 { return min(max(rows/200, 10), 1_000_000) }

// Generate writes a shop into dir, which is made if need be. progress, where
// given, is told how many sales records are written; it is called from one
// goroutine at a time. An existing shop is replaced when the new one is
// complete; files that Generate did not write are never touched: if dir has
// some of the names that it needs, it fails. After an error or a cancelled
// context, what was there is still there.
func Generate(ctx context.Context, dir string, o Options, progress func(done int64)) (Shop, error) {
	if o.Rows < 1 {
		return Shop{}, &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "a shop needs at least one sales record", Value: fmt.Sprint(o.Rows)}
	}
	if !(o.Messy >= 0 && o.Messy <= 1) {
		return Shop{}, &pipeline.Error{Kind: pipeline.ErrConfig, Msg: "the share of blemishes is a number from 0 to 1", Value: fmt.Sprint(o.Messy), Hint: "0.01 spoils one record in a hundred"}
	}
	if o.Workers < 1 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if err := claim(dir); err != nil {
		return Shop{}, err
	}
	w, err := newWorld(ctx, o)
	if err != nil {
		return Shop{}, err
	}
	a := &aside{dir: dir, workers: o.Workers}
	defer a.discard()
	mess := map[Mess]int64{}
	var done int64
	sales := false
	written := func(p *piece) {
		for k, n := range p.mess {
			mess[k] += n
		}
		if sales && progress != nil {
			done += p.records
			progress(done)
		}
	}
	span := func(name, header string, from, to, size int64, fill func(p *piece, from, to int64)) error {
		n := int((to - from + size - 1) / size)
		return a.write(ctx, name, header, n, func(i int, p *piece) {
			first := from + int64(i)*size
			fill(p, first, min(first+size, to))
		}, written)
	}
	if err := span(customersFile, customerHeader, 0, int64(len(w.customers)), chunkRecords, w.writeCustomers); err != nil {
		return Shop{}, err
	}
	if err := span(productsFile, productHeader, 0, int64(len(w.products)), chunkRecords, w.writeProducts); err != nil {
		return Shop{}, err
	}
	sales = true
	for y := range years {
		if err := span(salesFile(y), salesHeader, w.calendar.yearStart(y), w.calendar.yearStart(y+1), chunkOrders, w.writeOrders); err != nil {
			return Shop{}, err
		}
		if o.Shuffle {
			if err := shuffle(ctx, filepath.Join(dir, salesFile(y)+suffix), bucketBytes, stream(o.Seed, streamShuffle, int64(y))); err != nil {
				return Shop{}, outputError(salesFile(y), err)
			}
		}
	}
	shop := Shop{Dir: dir, Config: filepath.Join(dir, configFile), Files: slices.Clone(a.files),
		Customers: int64(len(w.customers)), Products: int64(len(w.products)), Orders: w.orders, Mess: mess}
	text := configText(o)
	if err := a.write(ctx, configFile, text, 0, nil, written); err != nil {
		return Shop{}, err
	}
	if err := os.Remove(filepath.Join(dir, brokenFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Shop{}, outputError(brokenFile, err)
	}
	return shop, a.publish()
}

// The names of the files.
const (
	customersFile = "customers.csv"
	productsFile  = "products.csv"
	configFile    = "smelt.yml"
)

func salesFile(year int) string { return fmt.Sprintf("sales_%d.csv", firstYear+year) }

// claim makes the folder and sees that nothing of somebody else's is in the way.
func claim(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return outputError(dir, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, configFile)); err == nil && bytes.HasPrefix(text, []byte(configMark)) {
		return nil
	}
	names := []string{configFile, customersFile, productsFile, brokenFile}
	for y := range years {
		names = append(names, salesFile(y))
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return &pipeline.Error{Kind: pipeline.ErrOutput, File: filepath.Join(dir, name), Msg: "is already there and is not a sample shop's", Hint: "Choose an empty folder for the sample shop."}
		}
	}
	return nil
}
