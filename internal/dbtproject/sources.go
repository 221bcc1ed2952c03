package dbtproject

// sources adds what says where the files are.
func (p *Project) sources(add func(path, text string)) error { return nil }

// HasSources reports whether a macro makes the sources before a run.
func (p *Project) HasSources() bool { return false }
