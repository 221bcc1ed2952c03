package judgetest

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
)

// Browser is one Chromium for a test, in which a page is used as a reader does. The
// test fails for every error on the console, every broken policy and every request
// of anything but files and Allow.
type Browser struct {
	*testing.T
	ctx  context.Context
	Page string // address of the page that is open
	// Allow is an address below which requests are fine: that of the test's own server.
	Allow string

	mu    sync.Mutex
	wrong []string // errors on the console, broken policies, requests of anything but the page
}

// Start starts a Chromium, or skips or fails the test as Chromium says.
func Start(t *testing.T) *Browser {
	options := Chromium(t)
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
	b := &Browser{T: t, ctx: ctx}
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
			if !strings.HasPrefix(e.Request.URL, "file:") && !strings.HasPrefix(e.Request.URL, "data:") && !strings.HasPrefix(e.Request.URL, "blob:") && (b.Allow == "" || !strings.HasPrefix(e.Request.URL, b.Allow)) {
				b.wrong = append(b.wrong, "request: "+e.Request.URL)
			}
		}
	})
	if listened != nil {
		t.Fatal(listened)
	}
	Call(b, network.Enable, network.EnableParams{})
	Call(b, log.Enable, cdp.Empty{})
	Call(b, runtime.Enable, cdp.Empty{})
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, w := range b.wrong {
			t.Error(w)
		}
	})
	return b
}

// Open loads a page at an address inside it: "#/checks".
func (b *Browser) Open(page []byte, at string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "page.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		b.Fatal(err)
	}
	b.Page = (&url.URL{Scheme: "file", Path: path}).String()
	b.Do(chromedp.Navigate(b.Page + at))
}

// Do runs actions, and fails the test where one does.
func (b *Browser) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// Call runs a command of the browser's protocol.
func Call[P, R any](b *Browser, command cdp.Command[P, R], params P) R {
	b.Helper()
	r, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// Size is the window's width, and the appearance that the system asks for.
func (b *Browser) Size(width, height int64, scheme string) {
	b.Helper()
	Call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600})
	Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// Eval returns what a script gives, which must be of type T.
func Eval[T any](b *Browser, script string) T {
	b.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// Visit leads to another address of the page, as a link does.
func (b *Browser) Visit(at string) {
	b.Helper()
	Eval[string](b, "location.hash = "+Quoted(at))
	b.Until("location.hash === "+Quoted(at)+" && document.querySelector('main h1')", at)
}

// Until waits until a script gives something true.
func (b *Browser) Until(script, what string) {
	b.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if Eval[bool](b, "Boolean("+script+")") {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("never: %s; the page is at %s and says %.400q", what, Eval[string](b, "location.hash"), Eval[string](b, "document.querySelector('main').innerText"))
		}
	}
}

// Heading waits until the view has a heading with the text.
func (b *Browser) Heading(text string) {
	b.Helper()
	b.Until("document.querySelector('main h1')?.textContent.includes("+Quoted(text)+")", "the heading "+text)
}

// Click clicks where a reader would, at the middle of what a selector finds.
func (b *Browser) Click(selector string) { b.Helper(); b.Do(chromedp.Click(chromedp.CSS(selector))) }

// Keys types a text.
func (b *Browser) Keys(text string) { b.Helper(); b.Do(chromedp.KeyEvent(text)) }

// Press presses a key that the page may take for itself, and which then types nothing.
func (b *Browser) Press(key string) {
	b.Helper()
	Call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key})
	Call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key})
}

// Quoted writes a text for a script.
func Quoted(s string) string { q, _ := json.Marshal(s); return string(q) }

// Keys that have names.
const (
	Enter, Tab, Escape, Down, Left = kb.Enter, kb.Tab, kb.Escape, kb.ArrowDown, kb.ArrowLeft
)
