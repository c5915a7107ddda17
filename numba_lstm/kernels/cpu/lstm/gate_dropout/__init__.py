"""Dropout factors per gate (recurrent dropout): products with them, and the gradients of the weights."""
