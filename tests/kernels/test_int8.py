"""int8 weights: the grid that they lie on, and the CPU's sums of whole numbers, which nothing rounds."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import INT8, assert_close

from numba_lstm.kernels import cpu, int8, reference
from numba_lstm.kernels.contract import LSTMWeights, RNNWeights
from numba_lstm.kernels.cpu.lstm.int8.int8_forward import levels
from numba_lstm.kernels.specs import Activation, LSTMSpec, RNNSpec
from numba_lstm.variables import Variable

LINEAR = Activation("linear")


def rng_for(what: str) -> np.random.Generator:
    return np.random.default_rng(list(what.encode()))


def test_a_weight_is_at_most_half_a_scale_from_the_grid() -> None:
    W = rng_for("grid").normal(size=(37, 12)).astype(np.float32)
    whole, scales = int8.quantize(W)
    assert whole.dtype == np.int8
    assert (np.abs(whole).max(axis=0) == int8.LARGEST).all()
    assert (np.abs(int8.fake_quantize(W) - W) <= 0.5 * scales * (1 + 1e-6)).all()


def test_weights_on_the_grid_are_found_again_without_a_loss() -> None:
    W = (rng_for("again").normal(size=(64, 400)) * 10.0 ** rng_for("scales").uniform(-20, 20, 400)).astype(np.float32)
    whole, scales = int8.quantize(W)
    on_grid = int8.fake_quantize(W)
    assert np.array_equal(on_grid.astype(np.float64), whole * scales.astype(np.float64)), "whole times scale was rounded"
    again, same = int8.quantize(on_grid)
    assert np.array_equal(again, whole)
    assert np.array_equal(same, scales)


def test_columns_of_zeros_and_of_what_is_not_finite() -> None:
    W = np.array([[0, 1e-35, np.nan, np.inf, 2], [0, 0, 1, 1, -1.1]], np.float32)
    whole, scales = int8.quantize(W)
    assert np.array_equal(whole[:, :2], np.zeros((2, 2)))
    assert np.array_equal(scales[:2], np.zeros(2))
    assert np.isnan(int8.fake_quantize(W)[:, 2:4]).all()
    assert np.array_equal(whole[:, 4], [127, -70])


def on_grid(seed: str, *shape: int) -> Variable:
    return Variable(int8.fake_quantize(rng_for(seed).normal(0, shape[0] ** -0.5, shape).astype(np.float32)))


def case(N: int, T: int, D: int, H: int) -> tuple[np.ndarray, LSTMWeights]:
    x = rng_for("x").normal(size=(T, N, D)).astype(np.float32)
    bias = Variable(rng_for("b").normal(size=4 * H).astype(np.float32))
    return x, LSTMWeights(on_grid("W", D, 4 * H), on_grid("U", H, 4 * H), bias)


@pytest.mark.parametrize("K", [1, 2, 7, 516, 517, 4096])
def test_a_sum_of_the_largest_products_has_32_bits(K: int) -> None:
    assert levels(K) * int8.LARGEST * K <= 2**31 - 1
    assert levels(K) == 2**15 - 1 or K > 516


@pytest.mark.parametrize(("D", "H"), [(1, 1), (7, 11), (16, 8), (515, 5), (600, 2)])
def test_products_are_exact_integers_times_scales(D: int, H: int) -> None:
    """One step with linear gates of which only g and o matter: c = i * g, where z of i and o are the bias alone."""
    x = rng_for("x").normal(size=(1, 3, D)).astype(np.float32)
    W = np.zeros((D, 4, H), np.float32)
    W[:, 2] = rng_for("W").normal(size=(D, H))  # g
    kernel = Variable(int8.fake_quantize(W.reshape(D, -1)))
    bias = np.zeros((4, H), np.float32)
    bias[0] = bias[3] = 1
    weights = LSTMWeights(kernel, Variable(np.zeros((H, 4 * H), np.float32)), Variable(bias.reshape(-1)))
    out = cpu.lstm_forward(x, weights, None, None, LSTMSpec(LINEAR, LINEAR, LINEAR, int8=True))
    whole, scales = int8.quantize(kernel.value)
    largest = np.abs(x[0]).max(axis=1, keepdims=True)
    rows = np.rint(x[0] * (np.float32(levels(D)) / largest)).astype(np.float64)
    expected = (rows @ whole.astype(np.float64)) * (largest.astype(np.float64) / levels(D)) * scales
    assert np.abs(out.c - expected[:, 2 * H : 3 * H]).max() <= 4 * 2.0**-24 * np.abs(expected).max()


@pytest.mark.parametrize(("N", "T", "D", "H"), [(1, 5, 3, 8), (3, 5, 7, 11), (2, 1, 1, 1), (7, 4, 64, 50), (70, 3, 5, 33)])
@pytest.mark.parametrize("option", ["plain", "mask", "peephole", "states", "coupled", "clip", "zoneout"])
def test_forward_equals_the_reference(N: int, T: int, D: int, H: int, option: str) -> None:
    x, weights = case(N, T, D, H)
    h0 = c0 = mask = None
    options = {"coupled": {"coupled": True}, "clip": {"clip": 0.7}, "zoneout": {"zoneout": (0.1, 0.3)}}.get(option, {})
    if option == "mask":
        mask = rng_for("mask").random((T, N)) < 0.6
        x[~mask] = np.nan
    if option == "peephole":
        weights = weights._replace(peephole=Variable(rng_for("V").normal(size=(3, H)).astype(np.float32)))
    if option == "states":
        h0, c0 = (rng_for(s).normal(size=(N, H)).astype(np.float32) for s in "hc")
    got = cpu.lstm_forward(x, weights, h0, c0, LSTMSpec(int8=True, **options), mask=mask, sequences=True)
    double = LSTMWeights(*(None if w is None else Variable(w.value.astype(np.float64)) for w in weights))
    states = (None if s is None else s.astype(np.float64) for s in (h0, c0))
    expected = reference.lstm_forward(x.astype(np.float64), double, *states, LSTMSpec(**options), mask=mask, sequences=True)
    for name in ("y", "h", "c"):
        assert_close(getattr(got, name), getattr(expected, name), INT8, name)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_nan_in_its_row_alone(value: float) -> None:
    x, weights = case(3, 2, 5, 11)
    clean = cpu.lstm_forward(x, weights, None, None, LSTMSpec(int8=True)).h
    x[0, 1, 2] = value
    h = cpu.lstm_forward(x, weights, None, None, LSTMSpec(int8=True)).h
    assert np.isnan(h[1]).all()
    assert np.array_equal(h[[0, 2]], clean[[0, 2]])


def test_a_row_of_zeros_is_a_row_of_zeros() -> None:
    x, weights = case(2, 1, 5, 11)
    weights = weights._replace(bias=None)
    x[:, 0] = 0
    assert np.array_equal(cpu.lstm_forward(x, weights, None, None, LSTMSpec(int8=True)).h[0], np.zeros(11))


#: A GRU with the reset gate behind the product and before it, and a simple RNN.
CELLS = {
    "gru": RNNSpec(int8=True),
    "reset before": RNNSpec(reset_after=False, int8=True),
    "simple": RNNSpec(gated=False, int8=True),
}


def rnn_case(spec: RNNSpec, N: int, T: int, D: int, H: int) -> tuple[np.ndarray, RNNWeights, np.ndarray]:
    columns = spec.gates * H
    x, h0 = (rng_for(name).normal(size=shape).astype(np.float32) for name, shape in (("x", (T, N, D)), ("h", (N, H))))
    bias = rng_for("b").normal(size=(2, columns) if spec.gated and spec.reset_after else columns).astype(np.float32)
    return x, RNNWeights(on_grid("W", D, columns), on_grid("U", H, columns), Variable(bias)), h0


@pytest.mark.parametrize(("N", "T", "D", "H"), [(1, 5, 3, 130), (3, 5, 7, 11), (15, 3, 64, 80)])
@pytest.mark.parametrize("cell", CELLS)
def test_a_gru_and_a_simple_rnn_equal_the_reference(cell: str, N: int, T: int, D: int, H: int) -> None:
    spec = CELLS[cell]
    x, weights, h0 = rnn_case(spec, N, T, D, H)
    mask = rng_for("mask").random((T, N)) < 0.7
    x[~mask] = np.nan
    got = cpu.rnn_forward(x, weights, h0, spec, mask=mask, sequences=True)
    double = RNNWeights(*(None if w is None else Variable(w.value.astype(np.float64)) for w in weights))
    expected = reference.rnn_forward(x.astype(np.float64), double, h0.astype(np.float64), spec, mask=mask, sequences=True)
    for name in ("y", "h"):
        assert_close(getattr(got, name), getattr(expected, name), INT8, name)
    alone = cpu.rnn_forward(x[:, -1:], weights, h0[-1:], spec, mask=mask[:, -1:], sequences=True)
    assert np.array_equal(alone.y[:, 0], got.y[:, -1])
    assert np.array_equal(got.h, got.y[-1])


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_not_finite_is_nan_in_the_row_of_a_gru_alone(cell: str) -> None:
    spec = CELLS[cell]
    x, weights, h0 = rnn_case(spec, 3, 2, 5, 11)
    clean = cpu.rnn_forward(x, weights, h0, spec).h
    x[0, 1, 2] = np.nan
    h = cpu.rnn_forward(x, weights, h0, spec).h
    assert np.isnan(h[1]).all()
    assert np.array_equal(h[[0, 2]], clean[[0, 2]])
