"""Arguments, masks and scores of calls in graphs, against golden values of Keras, and in copies and files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from golden import keras_call_arguments as golden
from tolerances import FOREIGN, RECURRENT, assert_close

import numba_lstm
from numba_lstm import Input, Model, layers, ops

EXPECTED = json.loads(golden.FILE.read_text())


def assert_equals_keras(model, name):
    found = golden.run(model, name)
    for part in ("y", "after"):
        for key, value in EXPECTED[name][part].items():
            assert_close(np.asarray(found[part][key]), np.asarray(value), FOREIGN, f"{part} {key}")
    assert_close(found["losses"], EXPECTED[name]["losses"], FOREIGN, "losses")


@pytest.mark.parametrize("name", golden.CASES)
def test_keras(name):
    assert_equals_keras(golden.make(numba_lstm, name).to("reference"), name)


@pytest.mark.parametrize("name", golden.CASES)
def test_files_of_keras(name):
    pytest.importorskip("h5py")
    assert_equals_keras(numba_lstm.load_model(golden.FOLDER / f"{name}.keras", device="reference"), name)


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
@pytest.mark.parametrize("name", golden.CASES)
def test_plans(name):
    model = golden.make(numba_lstm, name)
    assert_equals_keras(model, name)
    assert model.path() == "plan"


def copies(model, path):
    yield Model.from_config(json.loads(json.dumps(model.get_config())))
    yield numba_lstm.models.clone_model(model)
    model.save(path / "model.nlstm")
    yield numba_lstm.load_model(path / "model.nlstm")
    model.save(path / "model.keras")
    yield numba_lstm.load_model(path / "model.keras")


@pytest.mark.parametrize("name", golden.CASES)
def test_copies(tmp_path, name):
    model = golden.make(numba_lstm, name).to("reference")
    y = model.predict(golden.X[name], verbose=0)
    pytest.importorskip("h5py")
    for copy in copies(model, tmp_path):
        assert [layer["calls"] for layer in copy.get_config()["layers"]] == [
            layer["calls"] for layer in model.get_config()["layers"]
        ]
        copy.set_weights(model.get_weights())
        found = copy.to("reference").predict(golden.X[name], verbose=0)
        assert all(found[key].tobytes() == value.tobytes() for key, value in y.items())


def test_a_model_inside_keeps_the_arguments_of_its_calls():
    """A mask that a model is called with is that of its layers, but where they have masks of their own."""
    rng = np.random.default_rng(3)
    x, mask = rng.standard_normal((3, 5, 2)).astype("float32"), golden.VALUE_MASK
    a, m = Input((5, 2)), Input((5,), dtype="bool")
    step, pool = layers.LSTM(3, return_sequences=True), layers.GlobalAveragePooling1D()
    inner = Model(a, [pool(step(a)), pool(step(a, mask=ops.greater(ops.sum(a, axis=-1), 0)))])
    outer = Model([a, m], inner(a, mask=m)).to("reference")
    positive = x.sum(-1) > 0
    expected = [pool(step(x, mask=one), mask=one) for one in (mask, positive)]
    for y, other in zip(outer.predict([x, mask], verbose=0), expected, strict=True):
        assert_close(y, other, RECURRENT["float32"])
    assert not np.allclose(*expected)


def test_a_call_with_no_mask_forgets_that_of_the_edge():
    words = Input((5,))
    table, look = layers.Embedding(6, 3, mask_zero=True), layers.Attention()
    keys = table(words)
    model = Model(words, [look([keys, keys]), look([keys, keys], mask=[None, None])]).to("reference")
    y = model.predict(golden.WORDS, verbose=0)
    vectors = table(golden.WORDS)
    assert_close(y[0], look([vectors, vectors], mask=[golden.WORDS != 0] * 2), RECURRENT["float32"])
    assert_close(y[1], look([vectors, vectors]), RECURRENT["float32"])
    assert "not_equal" not in {layer.name for layer in model.layers}


def test_training_of_a_call_is_constant():
    x = Input((4,))
    drop = layers.Dropout(0.5)
    model = Model(x, [drop(x), drop(x, training=True), drop(x, training=False)]).to("reference")
    model = Model.from_config(model.get_config()).to("reference")
    ones = np.ones((20, 4), "float32")
    kept, dropped, same = model.predict(ones, verbose=0)
    assert np.array_equal(kept, ones)
    assert not np.array_equal(dropped, ones)
    assert np.array_equal(same, ones)
    assert np.array_equal(model(ones, training=True)[2], ones)


class ValidSum(layers.Layer):
    def call(self, x, mask=None):
        return ops.sum(x if mask is None else ops.where(ops.expand_dims(mask, -1), x, 0.0), axis=1)


def test_a_layer_of_a_user_takes_the_mask_of_a_call():
    x, mask = np.random.default_rng(3).standard_normal((3, 5, 2)).astype("float32"), golden.VALUE_MASK
    a, m = Input((5, 2)), Input((5,), dtype="bool")
    total = ValidSum()
    model = Model([a, m], [total(a), total(a, mask=m)]).to("reference")
    with pytest.warns(UserWarning, match="takes no mask"):  # as in Keras: it does not say that the mask goes on
        y, masked = model.predict([x, mask], verbose=0)
    assert_close(y, x.sum(1), RECURRENT["float32"])
    assert_close(masked, (x * mask[..., None]).sum(1), RECURRENT["float32"])
