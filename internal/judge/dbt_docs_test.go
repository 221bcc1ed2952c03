package judge

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/smeltdata/smelt/internal/judgetest"
)

// docs has dbt make the documentation page of a project that it has built, and opens
// it: a table's docs, columns, types and tests are on it.
func docs(t *testing.T, dbt, project, name string) {
	t.Helper()
	options := judgetest.Chromium(t)
	cmd := exec.Command(dbt, "-m", "dbt.cli.main", "--log-level", "warn", "docs", "generate", "--no-compile", "--profiles-dir", ".", "--threads", "1")
	cmd.Dir = project
	cmd.Env = append(os.Environ(), "DBT_SEND_ANONYMOUS_USAGE_STATS=false", "DO_NOT_TRACK=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("dbt docs generate: %v\n%s", err, out)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(project, "target"))))
	defer server.Close()
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	defer chromedp.Cancel(ctx) // which waits, so that the profile can be deleted
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/index.html#!/model/model."+name+".fact_sales")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"One row per order line", "order_date", "DECIMAL(18,4)", "Referenced By"} {
		for {
			text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText", chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatalf("dbt's page never says %q: %v", want, err)
			}
			if strings.Contains(text, want) {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}
