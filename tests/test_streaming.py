"""Streams: the outputs of predict, one step at a time, bit for bit."""

import copy
import pickle
import threading

import numpy as np
import pytest

from numba_lstm.layers import LSTM, Activation, Dense, Dropout, Input, Layer, TimeDistributed
from numba_lstm.models import Sequential
from numba_lstm.models.streaming import Stream

N, T, D = 5, 7, 3


def deep(dtype: str = "float32") -> Sequential:
    layers = [
        Input((None, D)),
        LSTM(11, return_sequences=True),
        Dropout(0.3),
        LSTM(18, activation="relu"),
        Dense(7, activation="tanh"),
        Activation("softmax"),
    ]
    return Sequential(layers, dtype=dtype)


def seed_model() -> Sequential:
    return Sequential([Input((None, D)), LSTM(50, activation="relu"), Dense(1)])


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N, T, D)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("make", [deep, lambda dtype: seed_model()], ids=["deep", "seed"])
def test_a_step_has_the_bits_of_predict(make, dtype, x):
    model = make(dtype)
    stream = model.stream(N)
    for t in range(T):
        y = stream.step(x[:, t])
        np.testing.assert_array_equal(y, model.predict(x[:, : t + 1], verbose=0))


def test_one_sequence_has_the_bits_of_its_row_in_a_batch(x):
    model = deep()
    streams = [model.stream() for _ in range(N)]
    batch = model.stream(N)
    for t in range(T):
        alone = [stream.step(x[n, t]) for n, stream in enumerate(streams)]
        np.testing.assert_array_equal(np.stack(alone), batch.step(x[:, t]))


def test_a_vector_gives_a_vector_and_a_row_gives_a_row(x):
    model = seed_model()
    a, b = model.stream(), model.stream()
    vector, row = a.step(x[0, 0]), b.step(x[:1, 0])
    assert vector.shape == (1,)
    assert row.shape == (1, 1)
    assert vector[0] == row[0, 0]


def test_every_output_is_a_fresh_array(x):
    stream = seed_model().stream()
    first = stream.step(x[0, 0])
    kept = first.copy()
    stream.step(x[0, 1])
    np.testing.assert_array_equal(first, kept)


def test_reset_begins_anew(x):
    stream = deep().stream(N)
    first = [stream.step(x[:, t]) for t in range(3)]
    stream.reset()
    again = [stream.step(x[:, t]) for t in range(3)]
    np.testing.assert_array_equal(first, again)


def test_a_state_can_be_carried_to_another_stream(x):
    model = deep()
    a, b = model.stream(N), model.stream(N)
    for t in range(3):
        a.step(x[:, t])
    b.state = a.state
    np.testing.assert_array_equal(a.step(x[:, 3]), b.step(x[:, 3]))


def test_the_state_is_a_copy(x):
    stream = seed_model().stream()
    stream.step(x[0, 0])
    h, c = stream.state[0]
    h[...], c[...] = 9, 9
    assert not (stream.state[0][0] == 9).any()


def test_the_state_is_that_of_the_layer(x):
    lstm = LSTM(11, return_state=True)
    _, h, c = lstm(x)
    model = Sequential([Input((None, D)), LSTM(11), Dense(2)])
    model.layers[0].set_weights(lstm.get_weights())
    stream = model.stream(N)
    for t in range(T):
        stream.step(x[:, t])
    np.testing.assert_array_equal(stream.state[0][0], h)
    np.testing.assert_array_equal(stream.state[0][1], c)


def test_a_stream_keeps_the_weights_of_its_beginning(x):
    model = seed_model()
    stream, reference = model.stream(), model.stream()
    expected = [reference.step(x[0, t]) for t in range(2)]
    first = stream.step(x[0, 0])
    model.set_weights([w + 1 for w in model.get_weights()])
    np.testing.assert_array_equal(expected, [first, stream.step(x[0, 1])])


@pytest.mark.parametrize("change", [lambda x: x.tolist(), lambda x: x.astype(np.float64), lambda x: np.repeat(x, 2)[::2]])
def test_other_real_inputs_are_cast(change, x):
    model = seed_model()
    expected = model.stream().step(x[0, 0])
    np.testing.assert_array_equal(model.stream().step(change(x[0, 0])), expected)


def test_streams_in_many_threads_do_not_meet(x):
    model = deep()
    expected = model.stream()
    outputs = [expected.step(x[0, t]) for t in range(T)]
    wrong: list[int] = []

    def run(k: int) -> None:
        stream = model.stream()
        for _ in range(20):
            stream.reset()
            if any((stream.step(x[0, t]) != outputs[t]).any() for t in range(T)):
                wrong.append(k)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_reference_streams_too(x):
    model = seed_model()
    expected = model.stream(N).step(x[:, 0])
    np.testing.assert_allclose(model.to("reference").stream(N).step(x[:, 0]), expected, rtol=1e-5, atol=1e-6)


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
    """An LSTM that answers something else than its kernels do."""

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
        (lambda: Doubled(4, name="own"), "own cannot be streamed: Doubled overrides forward, while a stream would"),
        (lambda: TimeDistributed(Halved(4, name="own")), "own cannot be streamed: Halved overrides forward.*what Dense does"),
    ],
)
def test_a_subclass_that_computes_something_else_is_no_stream(make, sentence):
    model = Sequential([Input((None, D)), make()])
    with pytest.raises(NotImplementedError, match=sentence):
        model.stream()


def test_a_subclass_with_parts_of_its_own_is_streamed():
    class Named(LSTM):
        def forward(self, *args, **kwargs):
            return super().forward(*args, **kwargs)

        def stream_specs(self):
            return super().stream_specs()

    model, x = Sequential([Input((None, D)), Named(4)]), np.random.default_rng(7).normal(size=(1, 1, D)).astype(np.float32)
    assert np.array_equal(model.stream().step(x[:, 0]), model(x))


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_size_below_one_is_refused(size):
    with pytest.raises(ValueError, match="batch_size"):
        seed_model().stream(size)


@pytest.mark.parametrize("shape", [(D + 1,), (2, D), (1, 1, D), ()])
def test_a_wrong_shape_leaves_the_state(shape, x):
    stream = seed_model().stream()
    stream.step(x[0, 0])
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
def test_a_wrong_state_is_refused(x, state, error):
    stream = seed_model().stream()
    stream.step(x[0, 0])
    before = stream.state[0][0]
    with pytest.raises(error, match=r"the state is a list with a pair \(h, c\) for each LSTM, of shapes"):
        stream.state = state
    np.testing.assert_array_equal(stream.state[0][0], before)


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_stream_is_not_copied(clone):
    with pytest.raises(TypeError, match="model.stream"):
        clone(seed_model().stream())


def test_stream_is_a_stream():
    assert isinstance(seed_model().stream(), Stream)
