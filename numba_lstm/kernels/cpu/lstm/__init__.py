"""The LSTM, panel by panel: time loops, pointwise kernels and the tasks of a call."""
