"""What functions of symbolic tensors compute beside tensors: random numbers, and losses of a batch."""
