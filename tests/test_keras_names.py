"""Names by which Keras finds losses and metrics: all of them are known here."""

from __future__ import annotations

import json

import pytest
from golden import keras_names

import numba_lstm

NAMES = [(module, name) for module, names in json.loads(keras_names.FILE.read_text()).items() for name in names]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_is_known(module, name):
    made = getattr(numba_lstm, module).get(name)
    assert made.name
    if module == "metrics":
        assert made.name == name
