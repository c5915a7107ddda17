"""The equations of one step of a GRU and of a simple RNN."""
