"""Inference with int8 weights."""
