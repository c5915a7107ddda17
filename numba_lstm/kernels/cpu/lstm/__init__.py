"""The LSTM by panels: time loops, pointwise kernels, and the tasks of a call."""
