"""Kernels of losses, each with its gradient, and the tasks of CTC."""
