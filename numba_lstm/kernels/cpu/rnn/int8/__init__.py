"""Inference of the GRU and of the simple RNN with int8 weights."""
