"""The tests of the ops on all devices, on the GPU."""

from test_cuda_layer_ops import *
