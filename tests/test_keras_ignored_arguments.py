"""Arguments of Keras that choose an implementation have no effect."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm.layers import (
    LSTM,
    LSTMCell,
)

# -- arguments of layers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("implementation", [0, 1, 2])
def test_implementation_unroll_and_use_cudnn_change_nothing(implementation):
    x = np.sin(np.arange(24.0)).reshape(2, 4, 3)
    plain = LSTM(5)
    plain(x)
    other = LSTM(5, implementation=implementation, unroll=True, use_cudnn=False)
    other(x)
    other.set_weights(plain.get_weights())
    np.testing.assert_array_equal(other(x), plain(x))
    assert "implementation" not in other.get_config()


def test_implementation_goes_to_cells_too_and_has_three_values():
    assert LSTMCell(3, implementation=1).units == 3
    with pytest.raises(ValueError, match="LSTM's implementation must be 0, 1 or 2, and has no effect, got 3. Leave it out."):
        LSTM(3, implementation=3)
