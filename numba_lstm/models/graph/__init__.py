"""Graphs of layers: their order, and the calls that passes run."""
