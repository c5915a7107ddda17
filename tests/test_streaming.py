"""Streams: the outputs of predict, one step at a time, bit for bit."""

import inspect
import threading

import numpy as np
import pytest

from numba_lstm.layers import LSTM, Activation, Dense, Dropout, Input
from numba_lstm.models import Model, Sequential
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


def keras_example() -> Sequential:
    return Sequential([Input((None, D)), LSTM(50, activation="relu"), Dense(1)])


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N, T, D)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("make", [deep, lambda dtype: keras_example()], ids=["deep", "keras example"])
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
    model = keras_example()
    a, b = model.stream(), model.stream()
    vector, row = a.step(x[0, 0]), b.step(x[:1, 0])
    assert vector.shape == (1,)
    assert row.shape == (1, 1)
    assert vector[0] == row[0, 0]


def test_every_output_is_a_fresh_array(x):
    stream = keras_example().stream()
    first = stream.step(x[0, 0])
    kept = first.copy()
    stream.step(x[0, 1])
    np.testing.assert_array_equal(first, kept)


def test_read_only_inputs_are_taken(x):
    stream, other = keras_example().stream(), x[0, 0].copy()
    y = stream.step(other)
    stream.reset()
    other.flags.writeable = False
    np.testing.assert_array_equal(stream.step(other), y)


def test_a_stream_takes_one_thread_unless_told_otherwise():
    assert inspect.signature(Model.stream).parameters["threads"].default == 1
    assert inspect.signature(Stream).parameters["threads"].default == 1


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
    stream = keras_example().stream()
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


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_a_stream_keeps_the_weights_of_its_beginning(device, x):
    model = keras_example().to(device)
    stream, reference = model.stream(), model.stream()
    expected = [reference.step(x[0, t]) for t in range(2)]
    first = stream.step(x[0, 0])
    model.set_weights([w + 1 for w in model.get_weights()])
    np.testing.assert_array_equal(expected, [first, stream.step(x[0, 1])])


@pytest.mark.parametrize("change", [lambda x: x.tolist(), lambda x: x.astype(np.float64), lambda x: np.repeat(x, 2)[::2]])
def test_other_real_inputs_are_cast(change, x):
    model = keras_example()
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
    model = keras_example()
    expected = model.stream(N).step(x[:, 0])
    np.testing.assert_allclose(model.to("reference").stream(N).step(x[:, 0]), expected, rtol=1e-5, atol=1e-6)


class Doubled(LSTM):
    """An LSTM whose output is not what its kernels compute."""

    def forward(self, ops, x, *args, **kwargs):
        result = super().forward(ops, x, *args, **kwargs)
        return result._replace(y=2 * ops.to_host(result.y))

    def check_causal(self):
        super().check_causal()


def test_a_subclass_that_says_that_it_is_causal_is_streamed(x):
    """Its own forward pass, which plans do not record."""
    model = Sequential([Input((None, D)), Doubled(4), Dropout(0.5)])
    stream = model.stream(N)
    for t in range(T):
        y = stream.step(x[:, t])
    np.testing.assert_array_equal(y, model(x))
    model.set_weights([w + 1 for w in model.get_weights()])
    stream.reset()
    again = np.stack([stream.step(x[:, t]) for t in range(T)])
    np.testing.assert_array_equal(again[-1], y)


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_a_layer_that_a_functional_model_calls_twice_has_two_states(device, x):
    lstm, inputs = LSTM(D, return_sequences=True), Input((None, D))
    model = Model(inputs, Dense(2)(lstm(lstm(inputs)))).to(device)
    stream = model.stream(N)
    steps = stream.run(x.transpose(1, 0, 2)[:4]), stream.run(x.transpose(1, 0, 2)[4:])
    np.testing.assert_array_equal(np.concatenate(steps).transpose(1, 0, 2), model.predict(x, verbose=0))
    assert [[state.shape for state in cell] for cell in stream.state] == [[(N, D), (N, D)]] * 2
