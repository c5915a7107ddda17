"""The LSTM: its algorithms, and the kernels that they share."""
