"""Configurations of models: graphs of layers, copies, and the custom objects in them."""
