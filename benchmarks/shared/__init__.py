"""Code that the suites share: compiled calls of an engine, and programs in new processes."""
