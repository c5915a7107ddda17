"""Updates by small gradients, on the GPU."""

from test_cuda_small_gradients import *
