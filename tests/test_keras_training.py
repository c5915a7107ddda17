"""What Keras 3.15 reports for the programs in the files ``golden/keras_*.py`` of :data:`SOURCES`, number by number."""

from __future__ import annotations

import json
from functools import partial
from types import SimpleNamespace

import pytest
from golden import keras_losses, keras_masks, keras_metrics, keras_stateful, keras_training
from tolerances import KERAS_MEANS

from numba_lstm import callbacks, layers, losses, metrics, models, optimizers, utils

SOURCES = (keras_losses, keras_metrics, keras_training, keras_masks, keras_stateful)
GOLDEN = {name: found for source in SOURCES for name, found in json.loads(source.FILE.read_text()).items()}
PROGRAMS = [program for source in SOURCES for program in source.PROGRAMS]
NUMBA_LSTM = SimpleNamespace(
    callbacks=callbacks,
    layers=layers,
    losses=losses,
    metrics=metrics,
    models=SimpleNamespace(Sequential=partial(models.Sequential, dtype="float64")),
    optimizers=optimizers,
    utils=utils,
)


def leaves(value, path=""):
    """Each number and string with its place."""
    if isinstance(value, dict):
        return {k: v for key, item in value.items() for k, v in leaves(item, f"{path}/{key}").items()}
    if isinstance(value, list):
        return {k: v for i, item in enumerate(value) for k, v in leaves(item, f"{path}/{i}").items()}
    return {path: value}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_same_program_reports_the_same(program):
    expected = leaves(GOLDEN[program.__name__])
    actual = leaves(keras_training.rounded(program(NUMBA_LSTM)))
    close = partial(pytest.approx, rel=KERAS_MEANS, abs=KERAS_MEANS / 10)
    assert actual == {path: leaf if isinstance(leaf, str) else close(leaf) for path, leaf in expected.items()}
