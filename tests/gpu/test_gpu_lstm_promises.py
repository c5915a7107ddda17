"""The promises of the LSTM about bits, and its longest rows, on the GPU."""

import pytest
from kernel_cases import DTYPES
from test_cuda_lstm_promises import *

pytestmark = pytest.mark.parametrize("dtype", DTYPES)
