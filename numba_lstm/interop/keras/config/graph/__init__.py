"""Masks and operations in the graphs of functional models of Keras."""
