"""The tests of update rules on all devices, on the GPU."""

from test_cuda_updates import *
