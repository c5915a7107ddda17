"""Device functions: activations, reductions, dot products and random words."""
