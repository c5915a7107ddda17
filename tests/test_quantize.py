"""``model.quantize``: what it changes, what it promises, and what it refuses."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import numba_lstm
from numba_lstm import Sequential, load_model
from numba_lstm.kernels import int8
from numba_lstm.layers import GRU, LSTM, RNN, Bidirectional, Dense, GRUCell, Input, LSTMCell, SimpleRNN, SimpleRNNCell


def model(*layers: object, D: int = 7, **options: object) -> Sequential:
    numba_lstm.utils.set_random_seed(3)
    return Sequential([Input((None, D)), *(layers or (LSTM(11, return_sequences=True), LSTM(50))), Dense(2)], **options)


def series(N: int = 5, T: int = 9, D: int = 7) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N, T, D)).astype(np.float32)


def test_kernels_are_rounded_and_nothing_else() -> None:
    quantized = model()
    before = {v.path: v.numpy() for v in quantized.weights}
    quantized.quantize("int8")
    for v in quantized.weights:
        rounded = v.name in ("kernel", "recurrent_kernel") and v.path.startswith("lstm")
        assert np.array_equal(v.value, int8.fake_quantize(before[v.path]) if rounded else before[v.path]), v.path
    assert not np.array_equal(quantized.weights[0].value, before[quantized.weights[0].path])


def test_answers_are_near_those_in_float32() -> None:
    quantized, x = model(), series()
    before = quantized.predict(x, verbose=0)
    quantized.quantize()
    after = quantized.predict(x, verbose=0)
    assert 0 < np.abs(after - before).max() < 0.02 * np.abs(before).max()


@pytest.mark.on_the_cpu(reason="NumPy's products depend on the number of rows")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "layers",
    [
        lambda: (LSTM(130, return_sequences=True), LSTM(19)),
        lambda: (GRU(130, return_sequences=True), GRU(19, reset_after=False, return_sequences=True), SimpleRNN(35)),
    ],
    ids=["lstm", "gru"],
)
def test_the_same_bits_in_batch_alone_streamed_and_for_any_threads(layers: object, threads: int) -> None:
    quantized, x = model(*layers()), series(N=70, T=21)  # type: ignore[operator]
    quantized.quantize()
    numba_lstm.set_num_threads(1)
    batch = quantized.predict_on_batch(x)
    numba_lstm.set_num_threads(threads)
    assert np.array_equal(quantized.predict_on_batch(x), batch)
    assert np.array_equal(quantized.predict(x, batch_size=3, verbose=0), batch)
    assert np.array_equal(quantized.predict_on_batch(x[6:7])[0], batch[6])
    stream = quantized.stream(batch_size=70)
    for t in range(21):
        last = stream.step(x[:, t])
    assert np.array_equal(last, batch)


def test_eight_threads() -> None:
    quantized, x = model(), series()
    quantized.quantize()
    expected = quantized.predict_on_batch(x)
    with ThreadPoolExecutor(8) as pool:
        assert all(np.array_equal(y, expected) for y in pool.map(lambda _: quantized.predict_on_batch(x), range(40)))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Bidirectional(LSTM(11)),
        lambda: RNN([LSTMCell(11), LSTMCell(6)]),
        lambda: LSTM(11, peephole=True, cell_clip=1.0, activation="relu", go_backwards=True),
        lambda: GRU(11),
        lambda: Bidirectional(GRU(11, reset_after=False)),
        lambda: RNN([GRUCell(11), SimpleRNNCell(6)]),
        lambda: SimpleRNN(11, go_backwards=True),
    ],
    ids=["bidirectional", "rnn", "options", "gru", "gru-bidirectional", "cells", "simple"],
)
def test_layers_inside_other_layers(layer: object) -> None:
    quantized, x = model(layer()), series()  # type: ignore[operator]
    before = quantized.predict(x, verbose=0)
    quantized.quantize()
    after = quantized.predict(x, verbose=0)
    assert 0 < np.abs(after - before).max() < 0.05 * np.abs(before).max()
    np.testing.assert_allclose(after, quantized.to("reference").predict(x, verbose=0), rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("layer", [LSTM, GRU, SimpleRNN])
def test_saved_copied_and_loaded_it_stays_quantized(layer: type, tmp_path: Path) -> None:
    quantized, x = model(layer(11)), series()
    quantized.quantize()
    expected = quantized.predict(x, verbose=0)
    quantized.save(tmp_path / "small.nlstm")
    for other in (load_model(tmp_path / "small.nlstm"), copy.deepcopy(quantized)):
        assert np.array_equal(other.predict(x, verbose=0), expected)


@pytest.mark.on_the_cpu(reason="other devices have no int8 kernels")
@pytest.mark.parametrize("layer", [LSTM, GRU, SimpleRNN])
def test_path_of_a_loaded_or_copied_quantized_layer_is_int8(layer: type, tmp_path: Path) -> None:
    quantized = model(layer(11))
    quantized.quantize()
    quantized.save(tmp_path / "small.nlstm")
    for other in (load_model(tmp_path / "small.nlstm"), copy.deepcopy(quantized)):
        assert other.layers[0].path(1, 1).endswith("int8")


def test_weights_that_are_set_later_are_rounded_too() -> None:
    quantized = model()
    quantized.quantize()
    fresh = np.random.default_rng(1).normal(size=quantized.weights[0].shape).astype(np.float32)
    quantized.weights[0].assign(fresh)
    assert np.array_equal(quantized.weights[0].value, int8.fake_quantize(fresh))


def test_quantized_twice_is_quantized_once() -> None:
    quantized, x = model(), series()
    quantized.quantize()
    once = quantized.predict(x, verbose=0)
    quantized.quantize()
    assert np.array_equal(quantized.predict(x, verbose=0), once)


@pytest.mark.parametrize("layer", [LSTM, GRU, SimpleRNN])
def test_training_is_refused(layer: type) -> None:
    quantized, x = model(layer(11)), series()
    quantized.compile("sgd", "mse")
    quantized.quantize()
    before = quantized.get_weights()
    with pytest.raises(RuntimeError, match="is quantized and cannot be trained. Train the model first"):
        quantized.fit(x, np.zeros((5, 2)), verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(quantized.get_weights(), before, strict=True))


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (lambda: LSTM(4, projection=3), {}, "projection=3: int8 kernels are there for float32 without layer_norm"),
        (lambda: LSTM(4, layer_norm=True), {}, "layer_norm=True: int8 kernels"),
        (lambda: LSTM(4), {"dtype": "float64"}, "dtype='float64': int8 kernels"),
        (lambda: GRU(4), {"dtype": "float64"}, "dtype='float64': int8 kernels"),
    ],
)
def test_what_cannot_be_quantized_is_refused_before_anything_is(layer: object, options: dict[str, str], message: str) -> None:
    mixed = model(LSTM(5, return_sequences=True), layer(), **options)  # type: ignore[operator]
    before = mixed.get_weights()
    with pytest.raises(ValueError, match=message):
        mixed.quantize()
    assert all(np.array_equal(a, b) for a, b in zip(mixed.get_weights(), before, strict=True))
    assert mixed.layers[0].quantization is None


def test_warmup_of_a_quantized_model_compiles_what_is_left_to_it() -> None:
    quantized = model()
    quantized.compile("sgd", "mse")
    quantized.quantize()
    numba_lstm.warmup(quantized, verbose=False)


def test_other_refusals() -> None:
    with pytest.raises(ValueError, match="unknown mode 'int4'"):
        model().quantize("int4")
    with pytest.raises(ValueError, match="has no LSTM, GRU or SimpleRNN that is built"):
        Sequential([Input((3,)), Dense(2)]).quantize()
    for layer in (LSTM, GRU, SimpleRNN, GRUCell):
        with pytest.raises(ValueError, match="unknown quantization 'int3'"):
            layer(4, quantization="int3")
    broken = model()
    for value in (np.nan, np.finfo(np.float32).max):
        broken.weights[0].assign(np.full(broken.weights[0].shape, value))
        with pytest.raises(ValueError, match="/kernel has values that int8 cannot hold"):
            broken.quantize()


@pytest.mark.parametrize("layer", [LSTM, GRU, SimpleRNN])
def test_a_layer_made_quantized(layer: type) -> None:
    made = model(layer(11, quantization="int8"))
    kernel = made.weights[0].value
    assert np.array_equal(kernel, int8.fake_quantize(kernel))
    assert made.predict(series(), verbose=0).shape == (5, 2)
