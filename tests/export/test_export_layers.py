"""Every layer that streams has the bits of its stream in a C library, and the others are refused in one sentence."""

from __future__ import annotations

import re

import numpy as np
import pytest
from c_libraries import Library, needs_compiler

from numba_lstm import Model, config, layers, ops
from numba_lstm.layers import GRU, LSTM, RNN, Attention, Conv1D, Dense, GRUCell, Input, LSTMCell, SimpleRNN, SimpleRNNCell
from numba_lstm.layers import TimeDistributed as Each

pytestmark = pytest.mark.on_the_cpu(reason="libraries have the bits of its streams")

STEPS = 12

#: What a model computes of x (N, T, 3), by the layers that it is about.
STREAMED = {
    "LSTM": lambda x: LSTM(5, return_sequences=True)(layers.Masking()(x)),
    "GRU": lambda x: GRU(5)(x),
    "SimpleRNN": lambda x: SimpleRNN(4, return_sequences=True)(x),
    "RNN": lambda x: RNN([LSTMCell(4), GRUCell(3), SimpleRNNCell(2)], return_sequences=True)(x),
    "Conv1D": lambda x: Conv1D(4, 3)(layers.ZeroPadding1D((2, 0))(x)),
    "TimeDistributed": lambda x: Each(layers.Flatten())(Each(Conv1D(2, 2))(Each(layers.Reshape((3, 1)))(x))),
    "normalization": lambda x: layers.RMSNormalization()(layers.LayerNormalization()(layers.BatchNormalization()(x))),
    "Normalization": lambda x: layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[2.0, 3.0, 4.0])(x),
    "activations": lambda x: layers.Softmax()(layers.PReLU(shared_axes=[1])(layers.UnitNormalization()(x))),
    "merging": lambda x: layers.Concatenate()([layers.Subtract()([x, Dense(3)(x)]), layers.Maximum()([x, x * x])]),
    "Lambda": lambda x: layers.Lambda(lambda t: t * np.array([1.0, 2.0, 3.0]) + np.arange(3.0))(x),
    "ops": lambda x: ops.where(x > 0, ops.matmul(x, np.arange(9.0).reshape(3, 3)), ops.sum(x, axis=-1, keepdims=True)),
    "RepeatVector": lambda x: GRU(3, return_sequences=True)(layers.RepeatVector(4)(LSTM(4)(x))),
    "Attention": lambda x: Attention(use_scale=True)([x, Dense(3)(x)], use_causal_mask=True),
    "AdditiveAttention": lambda x: layers.AdditiveAttention()([x, Dense(3)(x)], use_causal_mask=True),
    "MultiHeadAttention": lambda x: layers.MultiHeadAttention(2, 4)(*[layers.Masking()(x)] * 2, use_causal_mask=True),
}

REFUSED = {
    "Bidirectional": lambda x: layers.Bidirectional(LSTM(4))(x),
    "Conv1D": lambda x: Conv1D(4, 3, padding="same")(x),
    "MaxPooling1D": lambda x: layers.MaxPooling1D(2)(x),
    "GlobalAveragePooling1D": lambda x: layers.GlobalAveragePooling1D()(x),
    "UpSampling1D": lambda x: layers.UpSampling1D(2)(x),
    "Conv1DTranspose": lambda x: layers.Conv1DTranspose(4, 3)(x),
    "Cropping1D": lambda x: layers.Cropping1D(1)(x),
    "Flatten": lambda x: layers.Flatten()(x),
    "Attention": lambda x: Attention()([x, x]),
    "LSTM": lambda x: LSTM(4, go_backwards=True)(x),
    "sort": lambda x: ops.sort(x, axis=-1),
    "cumsum": lambda x: ops.cumsum(x, axis=1),
}


@pytest.fixture
def dtype(request):
    """The dtype of new models."""
    config.set_floatx(request.param)
    yield request.param
    config.set_floatx("float32")


@needs_compiler
@pytest.mark.parametrize(
    ("dtype", "rows"), [("float32", 4), pytest.param("float64", 1, marks=pytest.mark.slow)], indirect=["dtype"]
)
def test_layers_that_stream_have_the_bits_of_their_streams(dtype, rows, tmp_path):
    rng, x = np.random.default_rng(3), Input((None, 3))
    model = Model(x, [make(x) for make in STREAMED.values()])
    for weight in model.weights:
        weight.assign(weight.value + rng.uniform(0.01, 0.2, weight.shape))
    steps = rng.standard_normal((STEPS, rows, 3)).astype(dtype)
    steps[5:7, 0] = 0  # which Masking masks
    stream = model.stream(rows, max_steps=STEPS)
    assert stream._plan.compiled
    expected = [[y.reshape(rows, -1) for y in stream.step(step)] for step in steps]
    ends = np.cumsum([y.shape[1] for y in expected[0]])
    model.export_c(tmp_path, rows=rows, max_steps=STEPS)
    net = Library(tmp_path).instance(model, rows)
    found = np.split(net.run(steps, ends[-1]), ends[:-1], axis=-1)
    for name, of_library, *of_stream in zip(STREAMED, found, *expected, strict=True):
        np.testing.assert_array_equal(of_library, np.stack(of_stream), err_msg=name)
    state = np.concatenate([array.ravel() for states in stream.state for array in states])
    np.testing.assert_array_equal(net.state(state.size), state)
    assert np.isnan(net.run(steps[:2], ends[-1])).all()  # there is no memory for more keys
    np.testing.assert_array_equal(net.state(state.size), state)
    net.set_state(np.zeros_like(state))
    np.testing.assert_array_equal(net.step(steps[0], ends[-1]), np.concatenate(expected[0], axis=-1))


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_other_steps_is_refused_in_a_sentence(name, tmp_path):
    x = Input((6, 3))
    model = Model(x, REFUSED[name](x))
    with pytest.raises(NotImplementedError) as error:
        model.export_c(tmp_path / "lib", max_steps=6)
    assert re.fullmatch(r"\w+ \(\w+\) cannot be (streamed|exported): [^\n]{10,150}\.", str(error.value)), str(error.value)
    assert not list(tmp_path.iterdir())


def test_attention_without_a_bound_is_refused(tmp_path):
    x = Input((None, 3))
    model = Model(x, Attention(name="look")([x, x], use_causal_mask=True))
    sentence = r"look \(Attention\) cannot be exported without a bound: .* all steps\. Give max_steps=1000"
    with pytest.raises(NotImplementedError, match=sentence):
        model.export_c(tmp_path / "lib")
    with pytest.raises(ValueError, match=r"max_steps must be at least 1, got 0\."):
        model.export_c(tmp_path / "lib", max_steps=0)
    assert not list(tmp_path.iterdir())
