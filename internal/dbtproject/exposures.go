package dbtproject

import "slices"

// exposure is a page of smelt's dashboard.
type exposure struct {
	Name, Label, Doc string
	Models           []string
}

// Exposures are the pages, with those of the models that the project has.
func (p *Project) Exposures() []exposure {
	pages := []exposure{
		{"sales", "Sales", "How revenue, orders and returns move over time.", []string{"fact_sales", "sales_summary"}},
		{"customers", "Customers", "Segments of customers, and what they are worth.", []string{"fact_sales", "dim_customers", "customer_metrics", "customer_segmentation"}},
		{"products", "Products", "Which products earn, and which come back.", []string{"fact_sales", "dim_products", "product_performance"}},
		{"regions", "Regions", "Where the shop sells.", []string{"fact_sales", "regional_sales"}},
	}
	for i := range pages {
		pages[i].Models = slices.DeleteFunc(pages[i].Models, func(m string) bool { return !p.Has(m) })
	}
	return slices.DeleteFunc(pages, func(e exposure) bool { return len(e.Models) == 0 })
}
