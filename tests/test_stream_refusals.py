"""What streams refuse: models, batch sizes, inputs, states and copies."""

import copy
import pickle

import numpy as np
import pytest

from numba_lstm.layers import LSTM, Dense, Input, Layer, TimeDistributed
from numba_lstm.models import Sequential

D = 3
X = np.random.default_rng(0).normal(size=(D,)).astype(np.float32)


def keras_example() -> Sequential:
    return Sequential([Input((None, D)), LSTM(50, activation="relu"), Dense(1)])


def test_a_model_that_is_not_built_is_refused():
    with pytest.raises(ValueError, match="not built yet"):
        Sequential([LSTM(3)]).stream()


def test_a_model_without_time_is_refused():
    with pytest.raises(ValueError, match="not sequences"):
        Sequential([Input((D,)), Dense(2)]).stream()


def test_a_layer_that_cannot_be_streamed_is_named():
    class Backwards(Layer):
        def forward(self, ops, x, states=None, mask=None, training=False, rng=None):  # pragma: no cover
            raise AssertionError

    model = Sequential([Input((None, D)), Backwards(name="backwards")])
    with pytest.raises(NotImplementedError, match="backwards"):
        model.stream()


class Doubled(LSTM):
    """An LSTM that returns something else than its kernels do."""

    def forward(self, ops, x, *args, **kwargs):
        result = super().forward(ops, x, *args, **kwargs)
        return result._replace(y=ops.scale(result.y, 2.0))


class Halved(Dense):
    def forward(self, ops, x, *args, **kwargs):
        result = super().forward(ops, x, *args, **kwargs)
        return result._replace(y=ops.scale(result.y, 0.5))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Doubled(4, name="scaled"), "scaled cannot be streamed: Doubled overrides forward, and may need later"),
        (
            lambda: TimeDistributed(Halved(4, name="scaled")),
            "scaled cannot be streamed: Halved overrides forward.*where Dense does not. Override check_causal too",
        ),
    ],
)
def test_a_subclass_that_computes_something_else_is_no_stream(make, sentence):
    model = Sequential([Input((None, D)), make()])
    with pytest.raises(NotImplementedError, match=sentence):
        model.stream()


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_size_below_one_is_refused(size):
    with pytest.raises(ValueError, match="batch_size"):
        keras_example().stream(size)


@pytest.mark.parametrize("shape", [(D + 1,), (2, D), (1, 1, D), ()])
def test_a_wrong_shape_leaves_the_state(shape):
    stream = keras_example().stream()
    stream.step(X)
    before = stream.state[0][0]
    with pytest.raises(ValueError, match="expects x of shape"):
        stream.step(np.ones(shape, np.float32))
    np.testing.assert_array_equal(stream.state[0][0], before)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ([(np.zeros((1, 4)), np.zeros((1, 4)))], ValueError),
        ([], ValueError),
        ([np.zeros(5)], TypeError),
        ([None], TypeError),
        (None, TypeError),
        (3, TypeError),
    ],
)
def test_a_wrong_state_is_refused(state, error):
    stream = keras_example().stream()
    stream.step(X)
    before = stream.state[0][0]
    with pytest.raises(error, match=r"the state is a list with a tuple of arrays for each layer that has states, of shapes"):
        stream.state = state
    np.testing.assert_array_equal(stream.state[0][0], before)


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_stream_is_not_copied(clone):
    with pytest.raises(TypeError, match="model.stream"):
        clone(keras_example().stream())
