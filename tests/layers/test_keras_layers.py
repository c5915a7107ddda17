"""The layers of ``golden/keras_layers.py`` against what Keras 3.15 made of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from golden import keras_layers
from golden.keras_layers import CASES, slope, weight
from tolerances import ANCHORS, assert_close

from numba_lstm import layers
from numba_lstm.device import get_ops
from numba_lstm.layers.base import to_samples

GOLDEN = json.loads(keras_layers.FILE.read_text())


def run(ops, case):
    """What the layer returns: the case's values by the names of the golden file; no gradients outside training."""
    layer = case.make(layers)
    layer.build_for((None, *case.x.shape[1:]), "float64")
    layer.set_weights([weight(k, array.shape) for k, array in enumerate(layer.get_weights())])
    x = layer.gather(ops, layer.as_input(case.x, "x"), slice(None))
    mask = None if case.mask is None else ops.asarray(case.mask.T, bool)
    result = layer.propagate(ops, x, None, mask, case.training)
    actual = {"y": to_samples(ops, result.y), "mask": None if result.mask is None else ops.to_host(result.mask).T}
    actual["after"] = [v.numpy() for v in layer.non_trainable_weights]
    if case.training:
        dy = ops.gather(slope(actual["y"].shape), slice(None), "float64")
        back = layer.backpropagate(ops, result.tape, dy)
        pairs = zip(layer.variables, back.gradients, strict=True)
        trained = {id(v) for v in layer.trainable_weights}
        actual["gradients"] = [ops.to_host(g) for v, g in pairs if id(v) in trained]
        actual["dx"] = None if back.dx is None else to_samples(ops, back.dx)
    return actual


def assert_equal(actual, expected):
    """Fail unless the values of :func:`run` are those of the golden file."""
    for key, value in actual.items():
        if value is None or expected[key] is None:
            assert value is expected[key], key
            continue
        pairs = [(value, expected[key])] if isinstance(value, np.ndarray) else zip(value, expected[key], strict=True)
        for array, other in pairs:
            assert_close(array, other, ANCHORS, key)


@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize("name", CASES)
def test_keras_answers_the_same(name, device):
    assert_equal(run(get_ops(device), CASES[name]), GOLDEN[name])


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=(200, 50))
    y = layers.AlphaDropout(0.3, seed=1, dtype="float64")(x, training=True)
    values, counts = np.unique(y.round(9), return_counts=True)
    saturated = values[counts.argmax()]
    dropped = np.isclose(y, saturated)
    assert abs(dropped.mean() - 0.3) < 0.02
    assert abs(y.mean()) < 0.05
    assert abs(y.std() - 1) < 0.05
    columns = layers.AlphaDropout(0.3, noise_shape=(1, None), dtype="float64")(x, training=True)
    assert set(np.isclose(columns, saturated).mean(0)) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: layers.GroupNormalization(4)(np.ones((2, 6))), "4 groups of equal size"),
        (lambda: layers.EinsumDense("ab,bc", 3), "equation must be as 'ab,bc->ac'"),
        (lambda: layers.EinsumDense("ab,bc->ac", 3, bias_axes="d"), "bias_axes 'd' has 'd'"),
        (lambda: layers.EinsumDense("abc,cd->abd", (7, 4))(np.ones((2, 5, 4))), "the size 7 for 'b'"),
        (lambda: layers.AlphaDropout(1.0), r"rate must be a number in \[0, 1\)"),
    ],
)
def test_wrong_arguments_are_sentences(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
