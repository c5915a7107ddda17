"""Layers in graphs: symbolic tensors, and the calls of layers on them."""
