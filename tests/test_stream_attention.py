"""Streams of causal attention: keys and values of the steps before are states, with the bits of ``predict``."""

import numpy as np
import pytest

from numba_lstm import Model, config, layers
from numba_lstm.layers import Dense, Input, LayerNormalization, Masking

N, T, D = 2, 11, 3


def dot(x):
    y = Dense(6, "tanh")(x)
    look = layers.Attention()
    y = look([y, y], use_causal_mask=True)
    return look([y, Dense(1)(y), y], use_causal_mask=True)  # the same layer again, with values of one feature


def block(x):
    y = Dense(8)(x)
    heads = layers.MultiHeadAttention(2, 5, value_dim=1)(y, y, use_causal_mask=True)
    y = LayerNormalization()(layers.Add()([y, heads]))
    return Dense(2)(layers.Add()([y, Dense(8, "relu")(y)]))


def additive(x):
    y = Dense(4)(x)
    return layers.AdditiveAttention()([y, y], use_causal_mask=True)


def masked(x):
    y = Masking()(x)
    return layers.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True)


def made(build, dtype="float32"):
    """Return a model of ``dtype``, and sequences with zeros, which ``Masking`` leaves out."""
    config.set_floatx(dtype)
    try:
        x = Input((None, D), dtype=dtype)
        model = Model(x, build(x), device="cpu")  # the reference sums in other orders
    finally:
        config.set_floatx("float32")
    sequences = np.random.default_rng(4).normal(size=(N, T, D)).astype(dtype)
    sequences[0, 2] = sequences[1, 0] = sequences[1, 5:8] = 0
    return model, sequences


@pytest.mark.parametrize(
    ("build", "dtype"), [(dot, "float32"), (block, "float32"), (masked, "float32"), (additive, "float32"), (block, "float64")]
)
def test_a_stream_of_causal_attention_has_the_bits_of_predict(build, dtype):
    model, x = made(build, dtype)
    expected, steps = model.predict(x, verbose=0), x.swapaxes(0, 1).copy()
    assert expected.dtype == dtype
    stream, other = model.stream(N, max_steps=T + 20), model.stream(N, max_steps=T + 20)
    for t in range(4):
        np.testing.assert_array_equal(stream.step(steps[t]), expected[:, t])
    np.testing.assert_array_equal(stream.run(steps[4:7]).swapaxes(0, 1), expected[:, 4:7])
    other.state = stream.state
    for one in (stream, other):
        np.testing.assert_array_equal(one.run(steps[7:]).swapaxes(0, 1), expected[:, 7:])
    stream.reset()
    np.testing.assert_array_equal(stream.run(steps).swapaxes(0, 1), expected)
    single = model.stream(max_steps=T)  # no more memory than steps, and one sequence
    np.testing.assert_array_equal(single.run(x[1]), model.predict(x[1:], verbose=0)[0])


def test_a_step_more_than_there_is_memory_for_is_an_error():
    model, x = made(block)
    stream = model.stream(N, max_steps=4)
    stream.run(x[:, :3].swapaxes(0, 1))
    with pytest.raises(ValueError, match=r"keeps keys and values of 4 steps: 3 are computed, 2 more came. Call stream.reset"):
        stream.run(x[:, 3:5].swapaxes(0, 1))
    state = stream.state
    np.testing.assert_array_equal(stream.step(x[:, 3]), model.predict(x, verbose=0)[:, 3])  # the error changed nothing
    with pytest.raises(ValueError, match="4 are computed, 1 more"):
        stream.step(x[:, 4])
    stream.state = state
    stream.step(x[:, 3])
    state[0][-1][0] = 2.5
    with pytest.raises(ValueError, match=r"is one number of steps from 0 to 4, got \[2.5, 3.0\]"):
        stream.state = state


REFUSED = {
    "no bound": (block, None, r"cannot be streamed without a bound.*model.stream\(max_steps=1000\)"),
    "all steps": (lambda x: layers.Attention()([x, x]), 5, "attention needs all steps, without use_causal_mask=True"),
    "later steps for masked ones": (
        lambda x: layers.Attention()([Masking()(x)] * 2, use_causal_mask=True),
        5,
        "where all steps so far are masked, it takes later ones. Take MultiHeadAttention",
    ),
    "scores": (
        lambda x: layers.Attention()([x, x], use_causal_mask=True, return_attention_scores=True)[0],
        5,
        "its call has arguments",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_attention_that_cannot_be_streamed_is_a_sentence(name):
    build, max_steps, sentence = REFUSED[name]
    with pytest.raises(NotImplementedError, match=sentence):
        made(build)[0].stream(max_steps=max_steps)
