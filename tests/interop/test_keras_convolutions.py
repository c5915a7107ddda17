"""Files of Keras with convolutions and pooling: the models of ``golden/keras_convolutions.py`` compute as in Keras."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from golden import keras_convolutions, keras_files
from golden.keras_convolutions import CASES
from tolerances import FOREIGN, assert_close

import numba_lstm

EXPECTED = json.loads(keras_convolutions.FILE.read_text())


@pytest.mark.parametrize("name", CASES)
def test_models_of_keras_answer_and_learn_on(name, tmp_path):
    model = numba_lstm.load_model(CASES[name].path, device="reference")
    model.save(tmp_path / "model.keras")
    for read in (model, numba_lstm.load_model(tmp_path / "model.keras", device="reference")):
        result = keras_files.run(read, CASES[name])
        assert_close(result["y"], EXPECTED[name]["y"], FOREIGN, "predictions")
        assert_close(result["losses"], EXPECTED[name]["losses"], FOREIGN, "losses")


@pytest.mark.peers
@pytest.mark.parametrize("name", CASES)
def test_keras_opens_models(name, tmp_path):
    os.environ.setdefault("KERAS_BACKEND", "jax")
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    model = CASES[name].make(numba_lstm).to("reference")
    model.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras")
    y = opened.predict(CASES[name].x, verbose=0)
    assert_close(np.asarray(y), model.predict(CASES[name].x, verbose=0), FOREIGN)
