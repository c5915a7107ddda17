"""The tests of optimizers' twins, on the GPU."""

from test_cuda_updates import *
