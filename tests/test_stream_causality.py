"""What streams refuse because it may need later steps: one sentence names the layer and says why."""

import numpy as np
import pytest

from numba_lstm import Model, Sequential, layers, ops
from numba_lstm.layers import GRU, LSTM, Conv1D, Dense, Input, Lambda, ZeroPadding1D

D = 3


def decoder(x):
    _, h, c = LSTM(4, return_state=True)(x)
    return LSTM(4)(x, initial_state=[h, c])


#: A function of a symbolic sequence -> the layer that is named, and the reason.
REFUSED = {
    "strides": (lambda x: Conv1D(2, 3, strides=2, padding="causal")(x), "Conv1D", "it has strides of 2"),
    "same": (lambda x: Conv1D(2, 3, padding="same")(x), "Conv1D", "padding='same' needs later steps. Give it padding='causal'"),
    "valid": (lambda x: Conv1D(2, 3)(x), "Conv1D", "its windows have 3 steps of the sequence. Give a Conv1D padding='causal'"),
    "few zeros": (lambda x: Conv1D(2, 3)(ZeroPadding1D((1, 0))(x)), "Conv1D", "its windows have 3 steps of the sequence"),
    "zeros after": (lambda x: ZeroPadding1D(1)(x), "ZeroPadding1D", "it changes the number of steps"),
    "zeros": (lambda x: LSTM(2)(ZeroPadding1D((1, 0))(x)), "LSTM", "it comes after 1 steps of zeros"),
    "zeros at the end": (lambda x: ZeroPadding1D((1, 0))(x), "", "it puts out steps of zeros before the first one"),
    "pooling": (lambda x: layers.MaxPooling1D(2)(x), "MaxPooling1D", "its windows reach over several steps"),
    "global pooling": (lambda x: layers.GlobalAveragePooling1D()(x), "GlobalAveragePooling1D", "it needs all steps"),
    "both directions": (lambda x: layers.Bidirectional(GRU(2))(x), "Bidirectional", "it goes from the last step to the first"),
    "backwards": (lambda x: LSTM(2, go_backwards=True)(x), "LSTM", "it goes backwards"),
    "Flatten": (lambda x: layers.Flatten()(x), "Flatten", "it mixes steps with features"),
    "Permute": (lambda x: layers.Permute((2, 1))(x), "Permute", "its output has no step for each step of its input"),
    "UpSampling1D": (lambda x: layers.UpSampling1D(2)(x), "UpSampling1D", "it makes several steps of one"),
    "Cropping1D": (lambda x: layers.Cropping1D((1, 0))(x), "Cropping1D", "it changes the number of steps"),
    "PReLU": (lambda x: layers.PReLU()(x), "PReLU", "it takes a certain number of steps"),
    "Softmax": (lambda x: layers.Softmax(axis=1)(x), "Softmax", "it combines steps by max"),
    "Normalization": (lambda x: layers.Normalization((1, 2))(x), "Normalization", "it has statistics for each step"),
    "mean": (lambda x: Lambda(lambda x: x - ops.mean(x, 1, True))(x), "Lambda", "it combines steps by sum"),
    "length": (lambda x: Lambda(lambda x: x / x.shape[1])(x), "Lambda", "it depends on the number of steps"),
    "position": (lambda x: Lambda(lambda x: x + np.arange(x.shape[1])[:, None])(x), "Lambda", "it has numbers for each step"),
    "differences": (lambda x: x[:, 1:] - x[:, :-1], "Operation", "it takes some of the steps"),
    "flip": (lambda x: ops.flip(x, 1), "Operation", "it takes some of the steps"),
    "last output": (lambda x: layers.Add()([x, LSTM(D)(x)]), "Add", "it needs the last step at all steps"),
    "two places": (lambda x: layers.Add()([x[:, -1:], x]), "Add", "it needs the last step at all steps"),
    "joined steps": (lambda x: layers.Concatenate(1)([x, x]), "Concatenate", "it combines steps by join"),
    "Dot": (lambda x: layers.Dot(2)([x, x]), "Dot", "its product combines steps with each other"),
    "sums of steps": (lambda x: layers.Dot(1)([x, x]), "Dot", "its product sums over steps"),
    "features of steps": (lambda x: Dense(2)(ops.sum(x, -1)), "Dense", "it takes the steps as features"),
    "attention": (lambda x: layers.Attention()([x, x]), "Attention", "attention needs all steps"),
    "heads": (lambda x: layers.MultiHeadAttention(2, 2)(x, x), "MultiHeadAttention", "attention needs all steps"),
    "Conv1DTranspose": (lambda x: layers.Conv1DTranspose(2, 2)(x), "Conv1DTranspose", "its windows reach over several steps"),
    "initial states": (decoder, "LSTM", "it begins with states of other layers"),
    "training": (lambda x: layers.Dropout(0.5)(x, training=True), "Dropout", "it is called with training=True"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_needs_later_steps_is_refused(case):
    function, cls, reason = REFUSED[case]
    inputs = Input((4, D))
    model = Model(inputs, function(inputs), device="reference")
    with pytest.raises(NotImplementedError) as error:
        model.stream()
    assert f"({cls}) cannot be streamed: {reason}" in str(error.value) or not cls
    assert reason in str(error.value)


def test_an_input_that_is_no_sequence_is_named():
    x, other = Input((None, D)), Input((4,), name="other")
    model = Model([x, other], layers.Concatenate()([LSTM(2)(x), other]), device="reference")
    with pytest.raises(ValueError, match=r"takes \(None, 4\) in its input 'other', not sequences"):
        model.stream()


def test_rows_may_be_computed_in_any_manner():
    """Behind a last output there are no steps to wait for."""
    model = Sequential([Input((None, D)), LSTM(4), layers.Reshape((2, 2)), layers.Flatten(), Dense(1)], device="reference")
    assert model.stream().run(np.ones((3, D))).shape == (3, 1)
