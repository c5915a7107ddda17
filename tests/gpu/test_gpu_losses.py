"""The tests of losses and metrics on all devices, on the GPU."""

from test_cuda_losses import *
