package docs

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/smeltdata/smelt/internal/catalog"
	"github.com/smeltdata/smelt/internal/judgetest"
)

// browser is one Chromium for a test, and what it says of the pages.
type browser struct {
	*testing.T
	ctx  context.Context
	page string // address of the page that is open

	mu    sync.Mutex
	wrong []string // errors on the console, broken policies, requests of anything but the page
}

func start(t *testing.T) *browser {
	options := judgetest.Chromium(t)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // which waits, so that the profile can be deleted
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil { // the browser's life is that of this context
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	b := &browser{T: t, ctx: ctx}
	listened := chromedp.Listen(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.wrong = append(b.wrong, "exception: "+e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
		case *runtime.EventConsoleAPICalled:
			b.wrong = append(b.wrong, "console: "+string(e.Type))
		case *log.EventEntryAdded: // broken policies are among these
			b.wrong = append(b.wrong, "log: "+e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file:") && !strings.HasPrefix(e.Request.URL, "data:") {
				b.wrong = append(b.wrong, "request: "+e.Request.URL)
			}
		}
	})
	if listened != nil {
		t.Fatal(listened)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, w := range b.wrong {
			t.Error(w)
		}
	})
	return b
}

// open writes the page of c and loads it at an address inside it: "#/checks".
func (b *browser) open(c *catalog.Catalog, at string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "docs.html")
	if err := os.WriteFile(path, write(b, c), 0o600); err != nil {
		b.Fatal(err)
	}
	b.page = (&url.URL{Scheme: "file", Path: path}).String()
	b.do(chromedp.Navigate(b.page + at))
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// call runs a command of the browser's protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) R {
	b.Helper()
	r, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// size is the window's width, and the appearance that the system asks for.
func (b *browser) size(width, height int64, scheme string) {
	b.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// eval returns what a script gives, which must be of type T.
func eval[T any](b *browser, script string) T {
	b.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// visit leads to another address of the page, as a link does.
func (b *browser) visit(at string) {
	b.Helper()
	eval[string](b, "location.hash = "+quoted(at))
	b.until("location.hash === "+quoted(at)+" && document.querySelector('main h1')", at)
}

// until waits until a script gives something true.
func (b *browser) until(script, what string) {
	b.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if eval[bool](b, "Boolean("+script+")") {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("never: %s; the page is at %s and says %.400q", what, eval[string](b, "location.hash"), eval[string](b, "document.querySelector('main').innerText"))
		}
	}
}

// heading waits until the view has a heading with the text.
func (b *browser) heading(text string) {
	b.Helper()
	b.until("document.querySelector('main h1')?.textContent.includes("+quoted(text)+")", "the heading "+text)
}

// click clicks where a reader would, at the middle of what a selector finds.
func (b *browser) click(selector string) { b.Helper(); b.do(chromedp.Click(chromedp.CSS(selector))) }

func (b *browser) keys(text string) { b.Helper(); b.do(chromedp.KeyEvent(text)) }

// press presses a key that the page may take for itself, and which then types nothing.
func (b *browser) press(key string) {
	b.Helper()
	call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key})
	call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key})
}

func quoted(s string) string { q, _ := json.Marshal(s); return string(q) }

const (
	enter, tab, escape, down, left = kb.Enter, kb.Tab, kb.Escape, kb.ArrowDown, kb.ArrowLeft
)
