package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far something is: as a bar on a terminal, elsewhere as a
// line now and then. Update may be called concurrently.
type progress struct {
	app  *app
	what string
	unit func(int64) string

	mu    sync.Mutex
	group *mpb.Progress // nil = lines
	bar   *mpb.Bar
	said  time.Time // when the last line was written
}

// sayEvery is how often a line is written where there is no terminal.
const sayEvery = 5 * time.Second

func (a *app) progress(what string, unit func(int64) string) *progress {
	return &progress{app: a, what: what, unit: unit, said: time.Now()}
}

// update tells how much is done of how much.
func (p *progress) update(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.app.err.terminal && !p.app.json {
		p.draw(done, total)
		return
	}
	if now := time.Now(); now.Sub(p.said) >= sayEvery && done < total {
		p.said = now
		p.app.log("note", fmt.Sprintf("%s: %s of %s (%d %%)", p.what, p.unit(done), p.unit(total), 100*done/total))
	}
}

func (p *progress) draw(done, total int64) {
	if p.bar == nil {
		p.group = mpb.New(mpb.WithOutput(p.app.err.Writer), mpb.WithWidth(40))
		p.bar = p.group.New(total, mpb.BarStyle().Lbound("").Filler("█").Tip("█").Padding("░").Rbound(""),
			mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(p.what+" ")),
			mpb.AppendDecorators(
				decor.Any(func(s decor.Statistics) string { return " " + p.unit(s.Current) + " of " + p.unit(s.Total) }),
				decor.OnComplete(decor.AverageETA(decor.ET_STYLE_MMSS, decor.WC{W: 7}), "")))
	}
	p.bar.SetCurrent(done)
}

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Abort(true)
		p.group.Wait()
		p.bar = nil
	}
}
