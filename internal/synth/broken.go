package synth

import "context"

// brokenFile is the export that Broken adds.
const brokenFile = "sales_2025.csv"

// Broken adds an export to the sample shop of these options in dir: the orders of
// the second of January 2025, whose prices have lost their decimal point. A run
// of the shop's smelt.yml does not publish them. The next Generate removes it.
func Broken(ctx context.Context, dir string, o Options) (File, error) {
	w, err := newWorld(ctx, o)
	if err != nil {
		return File{}, err
	}
	a := &aside{dir: dir, workers: 1}
	defer a.discard()
	const minutes = 24 * 60
	orders := min(w.orders, 150)
	err = a.write(ctx, brokenFile, salesHeader, 1, func(_ int, p *piece) {
		var t texts
		for i := range orders {
			like := w.orders - orders + i // what is ordered is what was
			o := w.order(like, w.calendar.day(like), w.shape(like).lines)
			t.set(w, &o, 'S', w.orders+i, o.day, o.minute)
			customer := t.when[len(w.stamp(o.day, o.minute)):]
			t.when = append(appendStamp(nil, "2025-01-02", int(i*minutes/orders)), customer...)
			for k := range w.shape(like).lines {
				l := o.line(w, k+1)
				l.price *= 100
				p.sale(w, &t, &l, "sale", o.country, nil, nil)
			}
		}
	}, func(*piece) {})
	if err != nil {
		return File{}, err
	}
	return a.files[0], a.publish()
}
