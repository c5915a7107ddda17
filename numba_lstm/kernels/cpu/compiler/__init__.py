"""How functions become machine code: compilation, its cache on disk, and what it needs to know of the processor."""
