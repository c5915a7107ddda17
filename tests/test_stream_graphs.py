"""Streams of graphs: each step has the bits of ``predict`` on the whole sequence."""

import numpy as np
import pytest

from numba_lstm import Model, Sequential, layers, ops, set_num_threads
from numba_lstm.layers import GRU, LSTM, Conv1D, Dense, Embedding, Input, Masking, TimeDistributed

N, T, D = 2, 9, 3


def chain(*makers, shape=(None, D)):
    return lambda: Sequential([Input(shape), *(make() for make in makers)])


def graph(build, *shapes):
    def make():
        inputs = [Input(shape) for shape in shapes or [(None, D)]]
        return Model(inputs if len(inputs) > 1 else inputs[0], build(*inputs))

    return make


def residual(x):
    y = x
    for dilation in (1, 2, 4):
        z = Conv1D(5, 2, padding="causal", dilation_rate=dilation, activation="relu")(y)
        y = layers.Add()([Dense(5)(y) if y is x else y, layers.LayerNormalization()(z)])
    return Dense(2)(y)


def merged(x):
    a, b = Dense(4, "tanh")(x), Conv1D(4, 3, padding="causal")(x)
    few = [merge()([a, b]) for merge in (layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)]
    return layers.Concatenate()([*few, x])


def masked(x):
    y = Masking(0.0)(x)
    recurrent = [GRU(4, return_sequences=True), LSTM(4, return_sequences=True, zero_output_for_mask=True)]
    recurrent += [LSTM(5, projection=4, return_sequences=True), LSTM(4, layer_norm=True, return_sequences=True)]
    return layers.Add()([layer(y) for layer in recurrent])


def with_states(x):
    y, h, c = LSTM(4, return_sequences=True, return_state=True)(x)
    return [y, layers.Concatenate()([h, c])]


def shared(x):
    layer = Conv1D(D, 3, padding="causal", activation="tanh")
    return layer(layer(x))


def nested(x):
    inner = Sequential([Input((None, D)), Conv1D(4, 2, padding="causal"), LSTM(3, return_sequences=True)])
    return inner(inner(x))


def operators(x):
    y = ops.exp(-x) * 2.0 + ops.mean(x, axis=-1, keepdims=True)
    return ops.concatenate([y, ops.max(y, axis=2, keepdims=True)], axis=-1)


class Gated(layers.Layer):
    """A layer with a method ``call`` that computes with weights and functions."""

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], 2 * input_shape[-1]), name="w")

    def call(self, x):
        a, b = ops.split(ops.matmul(x, self.w), 2, axis=-1)
        return x + a * ops.sigmoid(b)


class Block(layers.Layer):
    """A layer with a method ``call`` that calls layers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.convolution, self.norm = Conv1D(D, 2, padding="causal"), layers.LayerNormalization()

    def call(self, x):
        return self.norm(x + self.convolution(x))


class Halves(layers.Layer):
    """A layer with a method ``call`` of two outputs."""

    def call(self, x):
        return x[..., :1] + 1.0, x[..., 1:] * 2.0


GRAPHS = {
    "Conv1D": chain(lambda: Conv1D(4, 3, padding="causal"), lambda: Conv1D(3, 2, padding="causal", dilation_rate=3)),
    "one step windows": chain(lambda: Conv1D(4, 1), lambda: Conv1D(3, 1, padding="same"), lambda: LSTM(3)),
    "ZeroPadding1D": chain(lambda: layers.ZeroPadding1D((4, 0)), lambda: Conv1D(4, 3, dilation_rate=2), lambda: GRU(3)),
    "residual": graph(residual),
    "merging": graph(merged),
    "normalization": chain(
        layers.BatchNormalization, lambda: layers.UnitNormalization(), lambda: layers.Rescaling(0.5, 1.0), layers.Softmax
    ),
    "activations": chain(
        lambda: layers.PReLU(shared_axes=[1]), lambda: layers.ReLU(3.0, 0.1), layers.LeakyReLU, layers.ELU,
    ),
    "noise": chain(lambda: layers.GaussianDropout(0.5), lambda: layers.SpatialDropout1D(0.5), lambda: Dense(2)),
    "Embedding": chain(lambda: Embedding(7, 4, mask_zero=True), lambda: LSTM(5, return_sequences=True), shape=(None,)),
    "mask": graph(masked),
    "Lambda": chain(lambda: layers.Lambda(lambda x: ops.matmul(x, np.ones((D, 2))) ** 2), lambda: LSTM(3)),
    "last step": chain(lambda: Conv1D(4, 3, padding="causal"), lambda: layers.Lambda(lambda x: x[:, -1])),
    "operators": graph(operators),
    "states": graph(with_states),
    "call": chain(Gated, Block, Gated),
    "two outputs of call": graph(lambda x: [Dense(2)(y) for y in Halves()(x)]),
    "letters": chain(lambda: TimeDistributed(Embedding(7, 2)), lambda: TimeDistributed(LSTM(3)), shape=(None, 4)),
    "shared": graph(shared),
    "nested": graph(nested),
    "images": chain(
        lambda: TimeDistributed(layers.Conv2D(2, 2)), lambda: TimeDistributed(layers.Flatten()), lambda: GRU(3),
        shape=(None, 3, 4, 1),
    ),
    "decoder": chain(
        lambda: LSTM(4), lambda: layers.RepeatVector(3), lambda: layers.Bidirectional(GRU(2, return_sequences=True))
    ),
    "inputs and outputs": graph(
        lambda x, words, z: [Dense(2)(layers.Concatenate()([Embedding(7, 2)(words), x])), LSTM(3)(z)],
        (None, D), (None,), (None, 5),
    ),
}  # fmt: skip


def inputs_of(model, seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for k, shape in enumerate(model.input_shape if isinstance(model.input_shape, list) else [model.input_shape]):
        whole = len(shape) == 2 or (shape[-1] == 4 and len(shape) == 3)  # words, or words of four letters
        size = (N, T, *shape[2:])
        x = rng.integers(0, 7, size) if whole else rng.normal(size=size).astype(model.dtype)
        if not whole and k == 0 and len(size) == 3:
            x[0, 0], x[1, 3:5], x[:, -1] = 0, 0, 0
        found.append(x)
    return found


def as_list(y):
    return list(y) if isinstance(y, (list, tuple)) else [y]


def form(xs):
    return xs if len(xs) > 1 else xs[0]


def expected_steps(model, xs):
    """The outputs at each step: of outputs with steps those of the whole sequence, of others those up to the step."""
    whole = as_list(model.predict(form(xs), verbose=0))
    steps = []
    for t in range(T):
        so_far = as_list(model.predict(form([x[:, : t + 1] for x in xs]), verbose=0))
        steps.append([y[:, t] if y.ndim > 2 and y.shape[1] == T else last for y, last in zip(whole, so_far, strict=True)])
    return steps


@pytest.mark.parametrize("name", GRAPHS)
def test_steps_have_the_bits_of_predict(name):
    model = GRAPHS[name]()
    xs = inputs_of(model)
    expected = expected_steps(model, xs)
    for threads in (1, 2):
        set_num_threads(threads)
        stream = model.stream(N, threads=threads)
        for t in range(T):
            for y, e in zip(as_list(stream.step(form([x[:, t] for x in xs]))), expected[t], strict=True):
                np.testing.assert_array_equal(y, e)
        state = stream.state
        stream.reset()
        first = as_list(stream.run(form([x.swapaxes(0, 1)[:4] for x in xs])))
        step = as_list(stream.step(form([x[:, 4] for x in xs])))
        rest = as_list(stream.run(form([x.swapaxes(0, 1)[5:] for x in xs])))
        for k, runs in enumerate(zip(first, step, rest, strict=True)):
            np.testing.assert_array_equal(np.concatenate([runs[0], runs[1][None], runs[2]]), [steps[k] for steps in expected])
        for cell, again in zip(state, stream.state, strict=True):
            for one, other in zip(cell, again, strict=True):
                np.testing.assert_array_equal(one, other)
    reference = model.to("reference").stream(N)
    for t in range(T):
        for y, e in zip(as_list(reference.step(form([x[:, t] for x in xs]))), expected[t], strict=True):
            np.testing.assert_allclose(y, e, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["residual", "normalization", "activations", "Embedding"])
def test_weights_that_are_written_in_place_leave_the_stream_alone(name):
    model = GRAPHS[name]()
    (x,) = inputs_of(model)
    one, other = model.stream(N), model.stream(N)
    expected = [one.step(x[:, t]) for t in range(2)]
    first = other.step(x[:, 0])
    for layer in model.layers:
        for variable in layer.variables:
            variable.writable()[...] += 1
            variable.written()
    np.testing.assert_array_equal(expected, [first, other.step(x[:, 1])])
    assert (model.stream(N).step(x[:, 0]) != first).any()


def test_two_layers_with_large_weights_read_one_input():
    """One of both reads rows of a product that is computed for many steps at a time."""
    x = Input((None, 600))
    model = Model(x, layers.Concatenate()([LSTM(32, return_sequences=True)(x) for _ in range(2)]))
    steps = np.random.default_rng(0).random((1, 20, 600), "float32")
    assert np.array_equal(model.stream().run(steps[0]), model.predict(steps, verbose=0)[0])
