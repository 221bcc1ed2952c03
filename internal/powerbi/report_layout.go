package powerbi

// A page has twelve columns of 96 pixels with 8 between them, and bands of fixed
// heights: the title, the slicers, the key figures, and two rows of charts, of which
// the first is higher: ten bars fit in it. On a phone all is one below the other.
const (
	pageWidth, pageHeight = 1280, 720
	margin, gap           = 20, 8
	columns, columnWidth  = 12, 96

	titleY, titleHeight   = 8, 48
	slicerY, slicerHeight = 64, 80
	cardsY, cardsHeight   = 152, 88
	chartsY, chartsEnd    = 248, 704
	firstRow              = 248

	phoneWidth, phoneChart = 320, 280
)

// page is a page before it is laid out.
type page struct {
	name  string // of its folder, and what names of its visuals begin with
	title string
	cards []string   // measures
	rows  [2][]chart // of twelve columns each, where the model has everything
}

// placed is a visual, and what is different on a phone.
type placed struct {
	visualFile
	phone mobileFile
}

// visuals returns the visuals of p in reading order, nil where it has no chart.
func (p page) visuals(m *Model) []placed {
	var rows [][]chart
	for _, row := range p.rows {
		var have []chart
		for _, c := range row {
			if c, ok := c.resolve(m); ok {
				have = append(have, c)
			}
		}
		if have != nil {
			rows = append(rows, have)
		}
	}
	if rows == nil {
		return nil
	}
	l := &layout{page: p.name}
	l.add("title", position{X: margin, Y: titleY, Width: span(6), Height: titleHeight}, position{Width: phoneWidth, Height: titleHeight}, heading(p.title), nil)
	l.add("pages", position{X: x(6), Y: titleY, Width: span(6), Height: titleHeight}, position{Width: phoneWidth, Height: titleHeight}, navigator(), nil)
	l.slicers(m)
	if cards := resolve(m, figures(p.cards...)); cards != nil {
		l.add("key_figures", position{X: margin, Y: cardsY, Width: span(columns), Height: cardsHeight},
			position{Width: phoneWidth, Height: cardsHeight * ((len(cards) + 1) / 2)}, keyFigures(m, cards), nil)
		l.done[len(l.done)-1].phone.Objects = cardsBeside(2, len(cards))
	}
	y := chartsY
	for i, row := range rows {
		height := chartsEnd - y
		if i < len(rows)-1 {
			height = firstRow
		}
		weights := make([]int, len(row))
		for i, c := range row {
			weights[i] = c.width
		}
		at := 0
		for i, w := range share(columns, weights) {
			c := row[i]
			l.add(c.name, position{X: x(at), Y: y, Width: span(w), Height: height},
				position{Width: phoneWidth, Height: phoneChart}, c.visual(m), c.filters(l.page))
			at += w
		}
		y += height + gap
	}
	return l.done
}

// x is where a column begins, span how wide n of them are.
func x(column int) int { return margin + column*(columnWidth+gap) }
func span(n int) int   { return n*(columnWidth+gap) - gap }

// share divides total by weights; what is left over goes to the first ones.
func share(total int, weights []int) []int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	parts, left := make([]int, len(weights)), total
	for i, w := range weights {
		parts[i] = total * w / sum
		left -= parts[i]
	}
	for i := 0; left > 0; i, left = i+1, left-1 {
		parts[i%len(parts)]++
	}
	return parts
}

// layout places visuals one after the other.
type layout struct {
	page         string
	done         []placed
	phoneX, next int // on the phone: where the next goes
	rowEnd       int
}

// add places a visual; phone says its size there, where it goes below the last one
// or beside it.
func (l *layout) add(name string, at, phone position, v visual, f *filterConfig) {
	order := len(l.done) * 1000
	at.Z, at.TabOrder = order, order
	if l.phoneX+phone.Width > phoneWidth {
		l.phoneX, l.next = 0, l.rowEnd+gap
	}
	phone.X, phone.Y, phone.Z, phone.TabOrder = l.phoneX, l.next, order, order
	l.phoneX += phone.Width + gap
	l.rowEnd = max(l.rowEnd, phone.Y+phone.Height)
	l.done = append(l.done, placed{
		visualFile{Schema: visualSchema, Name: l.page + "_" + name, Position: at, Visual: v, Filters: f},
		mobileFile{Schema: mobileSchema, Position: phone},
	})
}

// slicers places the filters, the same on each page.
func (l *layout) slicers(m *Model) {
	var have []slicer
	for _, s := range slicers {
		if resolve(m, []ref{s.field}) != nil {
			have = append(have, s)
		}
	}
	weights := make([]int, len(have))
	for i, s := range have {
		weights[i] = 2
		if s.field.Table == CalendarTable {
			weights[i] = 4
		}
	}
	if len(have) == 0 {
		return
	}
	at := 0
	for i, w := range share(columns, weights) {
		phone := (phoneWidth - gap) / 2
		if have[i].field.Table == CalendarTable {
			phone = phoneWidth
		}
		l.add("slicer_"+have[i].name, position{X: x(at), Y: slicerY, Width: span(w), Height: slicerHeight},
			position{Width: phone, Height: slicerHeight}, choose(have[i]), nil)
		at += w
	}
}
