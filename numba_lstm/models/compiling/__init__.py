"""Compilation of models: the optimizer, and the losses and metrics of their outputs."""
