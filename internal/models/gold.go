package models

// goldModels adds the models of the layer gold, and the sources and seeds that they read.
func (p *Project) goldModels() error { return nil }
