"""Vectors: their arithmetic, elementary functions and activations."""
