package cli

import (
	"encoding/json"
	"fmt"

	"github.com/smeltdata/smelt/internal/web"
)

// serving says where what is served can be seen, and warns where others can read it.
func (a *app) serving(l *web.Listener, what, reads string) error {
	if !l.Local() {
		a.log("warning", fmt.Sprintf("%s can be reached from other machines, and whoever reaches it reads %s", l.Addr(), reads))
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]string{"url": l.URL()})
	}
	_, err := fmt.Fprintf(a.out, "%s is at %s; Ctrl-C ends it\n", what, l.URL())
	return err
}
