package models

// silverModels adds the models of the layer silver, and the sources and seeds that they read.
func (p *Project) silverModels() error { return nil }
