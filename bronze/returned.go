package bronze

import "github.com/smeltdata/smelt/pipeline"

// ReturnedOrder is one record of a list of returned orders: an order, or one
// product of an order, that came back. The texts are as the list has them.
type ReturnedOrder struct {
	OrderID    string
	ProductID  string // "" = the whole order
	ReturnedAt pipeline.Null[pipeline.Timestamp]
}
