"""Convolutions, pooling, padding and repeating: ops on windows of sequences and images, and their kernels."""
