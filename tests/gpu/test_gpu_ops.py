"""The tests of the ops on whole arrays, on the GPU."""

from test_cuda_ops import *
