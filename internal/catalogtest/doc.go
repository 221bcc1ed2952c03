// Package catalogtest has servers that behave as a Databricks workspace and an
// open-source Unity Catalog do, as far as their documentation says, for tests
// on this machine. They check what they are sent, and fail on demand.
package catalogtest

// Test is what a server lives as long as: a *testing.T.
type Test interface{ Cleanup(func()) }
