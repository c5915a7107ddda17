"""What tests of foreign files share."""

import pytest

import numba_lstm


@pytest.fixture
def on_reference():
    """The witness as the default device: it has every option, and nothing is compiled."""
    before = numba_lstm.get_device()
    numba_lstm.set_device("reference")
    yield
    numba_lstm.set_device(before)
