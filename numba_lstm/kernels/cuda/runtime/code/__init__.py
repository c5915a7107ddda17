"""The machine code of kernels: compiled, or loaded from the cache on disk."""
