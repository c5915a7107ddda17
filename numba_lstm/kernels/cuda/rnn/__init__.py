"""The GRU and the simple RNN: products of a step, then one or two pointwise kernels."""
