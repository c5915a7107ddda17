"""What goes into streams of graphs and comes out of them: forms, shapes, states, and buffers for outputs."""

import numpy as np
import pytest

from numba_lstm import Model, Sequential
from numba_lstm.layers import LSTM, Add, Concatenate, Conv1D, Dense, Embedding, Input, Masking, StringLookup

D, T = 3, 6


def convolutions(dtype="float32"):
    return Sequential([Input((None, D)), Conv1D(4, 3, padding="causal", dilation_rate=2), LSTM(5), Dense(2)], dtype=dtype)


def of_two(device=None):
    a, b = Input((None, D), name="a"), Input((None,), name="b")
    words = Embedding(7, 2)(b)
    outputs = {"sum": Add()([Dense(2)(a), words]), "last": LSTM(4)(Concatenate()([a, words]))}
    return Model({"a": a, "b": b}, outputs, device=device)


def data_of_two(N=1):
    rng = np.random.default_rng(0)
    return {"a": rng.normal(size=(N, T, D)).astype(np.float32), "b": rng.integers(0, 7, (N, T))}


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_dicts_and_lists_go_in_and_the_form_of_the_outputs_comes_out(device):
    model, data = of_two(device), data_of_two()
    expected = model.predict(data, verbose=0)
    streams = [model.stream() for _ in range(3)]
    for t in range(T):
        ys = [
            streams[0].step({name: x[0, t] for name, x in data.items()}),
            streams[1].step([data["a"][0, t], data["b"][0, t]]),
            {name: y[0] for name, y in streams[2].step({name: x[:, t] for name, x in data.items()}).items()},
        ]
        for y in ys:
            assert y["sum"].shape == (2,)
            np.testing.assert_array_equal(y["sum"], expected["sum"][0, t])
    np.testing.assert_array_equal(ys[0]["last"], expected["last"][0])
    run = model.stream().run({name: x[0] for name, x in data.items()})
    np.testing.assert_array_equal(run["sum"], expected["sum"][0])
    assert run["last"].shape == (T, 4)


def test_the_only_input_may_be_in_a_dict():
    x = Input((None, D), name="x")
    model = Model({"x": x}, {"y": Dense(2)(x)}, device="reference")
    y = model.stream().run({"x": np.ones((T, D))})
    np.testing.assert_array_equal(y["y"], model.predict({"x": np.ones((1, T, D))}, verbose=0)["y"][0])
    plain = Model({"x": x}, model.outputs[0], device="reference").stream()
    np.testing.assert_array_equal(plain.step({"x": np.ones(D)}), y["y"][0])


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        ({"a": np.ones(D)}, "takes a dict with the keys 'a', 'b'"),
        ([np.ones(D)], "takes 2 inputs"),
        ([np.ones(D + 1), 1], r"expects x\['a'\] of shape \(3,\) or \(1, 3\), got \(4,\)"),
        ([np.ones(D), [1]], r"expects inputs of as many steps and streams, got shapes \[\(3,\), \(1,\)\]"),
        ([np.ones(D), 7], "expects whole numbers from 0 to 6, got 7"),
        ([np.ones(D), -0.5], "expects whole numbers from 0 to 6, got -0.5"),
    ],
)
def test_other_inputs_are_refused_and_change_nothing(x, sentence):
    stream = of_two("reference").stream()
    with pytest.raises(ValueError, match=sentence):
        stream.step(x)
    assert not any(state.any() for cell in stream.state for state in cell)


def test_inputs_of_other_numbers_of_steps_are_refused():
    with pytest.raises(ValueError, match="as many steps"):
        of_two("reference").stream().run([np.ones((2, D)), [1, 2, 3]])


@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize("make", [convolutions, lambda: Sequential([Input((None, D)), Masking(), LSTM(2)])])
def test_outputs_go_to_a_given_array(device, make):
    model = make().to(device)
    one, other = model.stream(), model.stream()
    x, out = np.ones(D, np.float32), np.zeros(2, np.float32)
    for _ in range(2):
        assert one.step(x, out=out) is out
        np.testing.assert_array_equal(out, other.step(x))
    rows = np.zeros((1, 2), np.float32)
    np.testing.assert_array_equal(one.step(x[None], out=rows), other.step(x[None]))
    strided = np.arange(2 * D, dtype=np.float32)[::-2]
    np.testing.assert_array_equal(one.step(strided), other.step(list(strided)))
    np.testing.assert_array_equal(one.step(strided.astype(float)), other.step(strided[None])[0])
    packed = np.zeros(D, [("flag", np.int8), ("value", np.float32)])  # whose strides are no multiples of a value's bytes
    packed["value"] = strided
    np.testing.assert_array_equal(one.step(packed["value"]), other.step(strided))


@pytest.mark.parametrize(
    "out", [np.zeros(3, np.float32), np.zeros(2), np.zeros((1, 2), np.float32), np.zeros(4, np.float32)[::2], [0, 0]]
)
def test_a_wrong_array_for_outputs_is_refused_and_changes_nothing(out):
    stream = convolutions().to("reference").stream()
    with pytest.raises(ValueError, match=r"out must be a writable, C-contiguous array of float32 and of shape \(2,\)"):
        stream.step(np.ones(D), out=out)
    assert not any(state.any() for cell in stream.state for state in cell)
    with pytest.raises(ValueError, match="out takes the only output"):
        of_two("reference").stream().step([np.ones(D), 1], out=out)


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_states_of_convolutions_are_their_last_inputs(device):
    model = convolutions().to(device)
    x = np.random.default_rng(0).normal(size=(2, T, D)).astype(np.float32)
    one, other = model.stream(2), model.stream(2)
    one.run(x[:, :5].swapaxes(0, 1))
    (last,), (h, c) = one.state
    np.testing.assert_array_equal(last, x[:, 1:5])
    other.state = [(x[:, 1:5],), (h, c)]
    np.testing.assert_array_equal(one.step(x[:, 5]), other.step(x[:, 5]))
    one.reset()
    assert not one.state[0][0].any()


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_words_are_converted_at_each_step(device):
    words = StringLookup(vocabulary=["go", "stop"])
    model = Sequential([Input((None,), dtype="string"), words, Embedding(3, 2), LSTM(2)]).to(device)
    x = np.array([["go", "never", "stop"], ["stop", "go", "go"]])
    stream, expected = model.stream(2), model.predict(x, verbose=0)
    assert stream.run(x.T).shape == (3, 2, 2)
    stream.reset()
    for t in range(3):
        y = stream.step(x[:, t])
    np.testing.assert_array_equal(y, expected)
    assert model.stream().step("go").shape == (2,)


@pytest.mark.parametrize("quantized", [False, True])
@pytest.mark.parametrize("N", [1, 3])
def test_float64_and_int8_have_the_bits_of_predict(N, quantized):
    convolution = Conv1D(1, 2, padding="causal", activation="relu", kernel_initializer="ones")  # 0 at some steps
    layers = [Input((None, 3)), convolution, Masking(), LSTM(6, return_sequences=True), Dense(2)]
    model = Sequential(layers, dtype="float32" if quantized else "float64")
    if quantized:
        model.quantize("int8")
    x = np.random.default_rng(0).normal(size=(N, T, 3)).astype(model.dtype)
    stream, expected = model.stream(N), model.predict(x, verbose=0)
    for t in range(T):
        np.testing.assert_array_equal(stream.step(x[:, t]), expected[:, t])
