"""Constants in calls of a user's layers, layer(x, scale=2.0): values as in Keras, copies, files, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from numba_lstm import Input, Model, Sequential, layers, load_model, ops
from numba_lstm.interop.onnx import export

X = np.arange(24, dtype="float32").reshape(2, 3, 4) / 8


class Scale(layers.Layer):
    """Computes with functions alone."""

    def call(self, x, scale=1.0, other=None, mode="add"):
        y = x * scale
        if other is None:
            return y
        return y + other if mode == "add" else y * other


class Flip(layers.Layer):
    """Calls another layer."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(4, kernel_initializer="ones")

    def call(self, x, flip=False, factors=(1.0, 1.0)):
        y = self.inner(x) * factors[0] * factors[1]
        return -y if flip else y


class Several(layers.Layer):
    """Takes any arguments, and returns as many outputs as they say."""

    def call(self, inputs, **options):
        a, b = inputs
        return (a + b, a * b) if options.get("both") else a + b + len(options)


SUMS = np.repeat(X.sum(axis=-1, keepdims=True), 4, axis=-1)
CLASSES = {"Scale": Scale, "Flip": Flip, "Several": Several}
#: The calls of layers on an input, and what Keras 3 computes.
CASES = {
    "number": (lambda x: Scale()(x, scale=2.0), 2 * X),
    "default": (lambda x: Scale()(x, scale=1.0, other=None), X),
    "tensor by name": (lambda x: Scale()(x, other=x), 2 * X),
    "tensor and text": (lambda x: Scale()(x, other=x, mode="product", scale=3.0), 3 * X * X),
    "all by name": (lambda x: Scale()(other=x, x=x), 2 * X),
    "layer inside": (lambda x: Flip()(x, flip=True, factors=[2.0, 0.5]), -SUMS),
    "other arguments": (lambda x: Several()([x, x], a=1, b="two"), 2 * X + 2),
    "outputs": (lambda x: layers.subtract(Several()([x, x], both=True)), 2 * X - X * X),
}


def make(name):
    x = Input((3, 4))
    return Model(x, CASES[name][0](x))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("suffix", ["", ".nlstm", ".keras"])
def test_a_constant_of_a_call_counts_also_in_a_copy_and_a_file(name, suffix, tmp_path):
    model = make(name).to("reference")
    if suffix:
        model.save(tmp_path / f"model{suffix}")
        model = load_model(tmp_path / f"model{suffix}", custom_objects=CLASSES, device="reference")
    else:
        model = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(model.predict(X, verbose=0), CASES[name][1], rtol=1e-6)
    if name not in ("default", "outputs"):
        np.testing.assert_allclose(CASES[name][0](X), CASES[name][1], rtol=1e-6)


def test_inputs_by_name_are_streamed():
    x = Input((None, 4))
    model = Model(x, layers.LSTM(2, return_sequences=True)(Scale(name="s")(x, other=x))).to("reference")
    np.testing.assert_allclose(model.stream().step(X[0, 0]), model.predict(X[:1], verbose=0)[0, 0], rtol=1e-5)


def test_calls_of_one_layer_have_constants_of_their_own():
    x, layer, inside = Input((4,)), Scale(), Flip()
    doubled = Model(x, layer(x, scale=2.0) - layer(x, scale=0.5)).to("reference")
    np.testing.assert_allclose(doubled.predict(X[0], verbose=0), 1.5 * X[0])
    inside(x, flip=True)
    with pytest.raises(ValueError, match="calls layers, and its first call had other arguments: flip=True. Make a new layer"):
        inside(x)


def test_a_constant_takes_part_in_training():
    x = Input((4,))
    model = Model(x, layers.Dense(1, kernel_initializer="ones")(Scale()(x, scale=2.0))).to("reference")
    model.compile("sgd", "mse")
    model.fit(X[0], X[0, :, :1], verbose=0)
    error = 2 * (2 * X[0].sum(axis=1, keepdims=True) - X[0, :, :1]) / 3
    np.testing.assert_allclose(model.get_weights()[0], 1 - 0.01 * 2 * X[0].T @ error, rtol=1e-5)


def test_what_is_no_constant_is_refused():
    with pytest.raises(TypeError, match="takes arrays or symbolic tensors by position, got 3. Give it by name"):
        Scale()(X, 3)
    with pytest.raises(TypeError, match="got {} for 'scale'. Give it to the constructor"):
        Scale()(X, scale={})
    with pytest.raises(TypeError, match="unexpected keyword argument 'rate'"):
        Scale()(Input((4,)), rate=1)
    x = Input((3, 4))
    with pytest.raises(NotImplementedError, match="cannot be streamed: its call has arguments"):
        Model(x, layers.LSTM(2)(Scale(name="s")(x, scale=2.0))).stream()


def test_onnx_has_the_constants(tmp_path):
    """Also those of layers of the package: a graph with a causal mask is another one."""
    export(make("tensor and text"), tmp_path / "m.onnx")
    assert b"Mul" in (tmp_path / "m.onnx").read_bytes()
    x, sizes = Input((3, 4)), []
    for causal in (False, True):
        y = layers.MultiHeadAttention(1, 2, name=f"m{causal:d}")(x, x, use_causal_mask=causal)
        export(Model(x, y), tmp_path / "m.onnx")
        sizes.append((tmp_path / "m.onnx").stat().st_size)
    assert sizes[1] > sizes[0]


def test_a_sequential_gives_no_constants():
    model = Sequential([Input((4,)), Flip(), layers.Lambda(lambda y: ops.abs(y))]).to("reference")
    np.testing.assert_allclose(model.predict(X[0], verbose=0), SUMS[0])
