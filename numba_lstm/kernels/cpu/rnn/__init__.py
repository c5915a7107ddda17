"""The GRU and the simple RNN: time loops that call products and pointwise kernels by address, and the tasks of a call."""
