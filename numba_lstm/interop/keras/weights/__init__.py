"""Weights and optimizer states, by the names and in the order in which Keras stores them."""
