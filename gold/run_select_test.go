package gold

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/smeltdata/smelt/pipeline"
)

// Only tables that there are can be selected, of a sink that publishes some; all of
// them are as good as none.
func TestSelectRefuses(t *testing.T) {
	var all []string
	tables, err := Declarations()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		all = append(all, table.Name)
	}
	for _, c := range []struct {
		tables []string
		want   string
	}{
		{[]string{"gold.nothing"}, "gold.nothing: there is no such table"},
		{[]string{"gold.sales_summary"}, "the sink publishes all tables or none"},
		{all, ""},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		shop := randomShop(rng)
		_, err := Run(t.Context(), shop.mapping(), shop.open(rng), &pipeline.Memory{}, Select(c.tables...))
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, pipeline.ErrConfig) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v", c.tables, err)
		}
	}
}

// A dry run without a lake says what the first run would do, and needs no sink.
func TestDryRun(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	shop := randomShop(rng)
	r, err := DryRun(t.Context(), shop.mapping(), shop.open(rng), nil, Select("gold.sales_summary"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Full != "the output keeps no history" || len(r.Read) != len(r.Sources) || len(r.Tables) != 1 || r.Tables[0].Name != "gold.sales_summary" {
		t.Errorf("%+v", r)
	}
}
