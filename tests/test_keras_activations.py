"""All activations of Keras 3.15 by name: values and derivatives, and layers that take them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from golden.keras_activations import DY, FILE, OPTIONS, X
from tolerances import ELEMENTWISE, assert_close

from numba_lstm import Input, Sequential, activations, load_model
from numba_lstm.activations.element_formulas import ELEMENT_FORMULAS
from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import ACTIVATIONS
from numba_lstm.layers import LSTM, Dense
from numba_lstm.ops.program import Program
from numba_lstm.ops.tracing import input_like

FOUND = json.loads(FILE.read_text())
TOLERANCE = {"tanh": 3e-7}  #: Keras on JAX computes it in float32
KINKS = 9  #: the first numbers are kinks of some function


def identifier(label):
    name = label.split()[0]
    return {"class_name": name, "config": OPTIONS[name]} if label != name else name


@pytest.mark.parametrize("label", FOUND)
def test_each_has_the_values_and_the_derivative_of_keras(label):
    name, device = label.split()[0], get_ops("reference")
    expected, function = FOUND[label], getattr(activations, name)
    options = OPTIONS[name] if label != name else {}
    np.testing.assert_allclose(function(X, **options), expected["y"], atol=TOLERANCE.get(name, 1e-11))
    tensor = input_like(X.shape)
    compiled = Program([tensor], [function(tensor, **options)], [True], "float64")
    (y,), tape = compiled.forward(device, [X], training=True)
    (dx,) = compiled.backward(device, tape, [DY[: len(expected["y"])]], [True])
    np.testing.assert_allclose(y, expected["y"], atol=TOLERANCE.get(name, 1e-11))
    first = KINKS if name not in ("glu", "log_softmax", "softmax", "sparsemax") else 0
    np.testing.assert_allclose(dx[first:], expected["dx"][first:], atol=TOLERANCE.get(name, 1e-11))
    if name in activations.specs.ROW_FUNCTIONS:
        with pytest.raises(ValueError, match=rf"{name} is a function of an axis.*Lambda\(numba_lstm.activations.{name}\)"):
            Dense(3, activation=name)
    elif name != "softmax":
        spec = activations.as_spec(identifier(label))
        y, tape = device.activation_forward(X[None], spec, training=True)
        assert_close(y[0], expected["y"], TOLERANCE.get(name, 1e-11))
        first = 0 if spec.function is not None else KINKS
        np.testing.assert_allclose(
            device.activation_backward(tape, DY[None])[0][first:], expected["dx"][first:], atol=TOLERANCE.get(name, 1e-11)
        )
        assert activations.as_spec(activations.serialize(spec)) == spec == activations.as_spec(activations.get(spec))


def test_names_that_keras_has_are_names_here():
    known = {*ACTIVATIONS, *ELEMENT_FORMULAS, *activations.specs.ALIASES, *activations.specs.ROW_FUNCTIONS}
    assert {label.split()[0] for label in FOUND} == known
    with pytest.raises(ValueError, match="threshold takes threshold and default_value"):
        activations.as_spec("threshold")


def test_a_cell_takes_them_and_a_file_keeps_them(tmp_path):
    layers = [Input((3, 2)), LSTM(2, activation="mish", recurrent_activation="hard_tanh"), Dense(2, activation="relu6")]
    model = Sequential(layers)
    x = np.random.default_rng(5).standard_normal((4, 3, 2)).astype("float32")
    y = model.predict(x, verbose=0)
    model.save(tmp_path / "model.nlstm")
    copy = load_model(tmp_path / "model.nlstm")
    assert copy.layers[-1].get_config()["activation"] == "relu6"
    assert_close(copy.to("reference").predict(x, verbose=0), y, 4 * ELEMENTWISE["float32"])
    mish = activations.custom(lambda x: x * np.tanh(x), name="mish")
    assert activations.serialize(mish) is mish
