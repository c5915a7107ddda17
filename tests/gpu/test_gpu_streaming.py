"""Streams, on the GPU."""

from test_cuda_streaming import *
