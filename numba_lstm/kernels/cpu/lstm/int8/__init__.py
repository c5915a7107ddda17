"""LSTM inference with int8 weights."""
