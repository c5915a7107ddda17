"""The tests of all twins, on the GPU."""

from test_cuda_twins import *
