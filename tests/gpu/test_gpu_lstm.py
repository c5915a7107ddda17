"""The LSTM on the GPU: the tests of all devices."""

import pytest
from kernel_cases import DTYPES
from test_cuda_lstm import *

pytestmark = pytest.mark.parametrize("dtype", DTYPES)
