"""Compilation of kernels, their cache on disk, and the features of the processor."""
