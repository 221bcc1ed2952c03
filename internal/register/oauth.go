package register

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// fixedToken is a token that somebody gave: a personal access token, or that
// of UNITY_TOKEN.
type fixedToken string

func (t fixedToken) token(_ context.Context, fresh bool) (string, error) {
	if fresh {
		return "", errOnlyToken
	}
	return string(t), nil
}

func (t fixedToken) secrets() []string { return []string{string(t)} }

// servicePrincipal gets tokens for a service principal with its secret (OAuth
// machine to machine) and another one when the last is about to expire. It is
// for one goroutine.
type servicePrincipal struct {
	c          *client // to the workspace, without a token
	id, secret string
	last       string
	until      time.Time // last is good until then
	now        func() time.Time
}

func newServicePrincipal(host, id, secret string) *servicePrincipal {
	return &servicePrincipal{c: newClient(host, "Databricks", nil, nil), id: id, secret: secret, now: time.Now}
}

func (p *servicePrincipal) secrets() []string { return []string{p.secret, p.last} }

func (p *servicePrincipal) token(ctx context.Context, fresh bool) (string, error) {
	if !fresh && p.now().Before(p.until) {
		return p.last, nil
	}
	if err := p.request(ctx); err != nil {
		return "", fmt.Errorf("no token for the service principal %s: %w", p.id, err)
	}
	return p.last, nil
}

func (p *servicePrincipal) request(ctx context.Context) error {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"all-apis"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.c.base+"/oidc/v1/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(url.QueryEscape(p.id), url.QueryEscape(p.secret)) // as RFC 6749 2.3.1 has it
	res, err := p.c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	if res.StatusCode != http.StatusOK {
		return refused(res, text)
	}
	var answer struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"` // seconds
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Token == "" {
		return fmt.Errorf("the answer of /oidc/v1/token has no access_token")
	}
	life := time.Duration(answer.Expires) * time.Second
	p.last, p.until = answer.Token, p.now().Add(life-min(life/4, time.Minute)) // a request takes a while, too
	return nil
}
