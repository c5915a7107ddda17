"""Data of a user as batches: arrays, lists of sequences, iterables and datasets, validated against the model."""
