"""What tests of foreign files share."""

import pytest

from numba_lstm import device


@pytest.fixture
def on_reference(monkeypatch):
    """The reference as the default device: it has every option, and nothing is compiled."""
    monkeypatch.setattr(device, "_default", "reference")  # set_device(get_device()) would make "auto" the device it stands for
