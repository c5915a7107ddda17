"""Groups of rows on the tape: by shapes alone, each with sums of its own, and with the bits of any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import numba_lstm
from numba_lstm.kernels import cpu
from numba_lstm.kernels.contract import LSTMNoise, LSTMWeights
from numba_lstm.kernels.cpu.gemm import batch_groups
from numba_lstm.kernels.cpu.gemm.batch_groups import Size, make_groups
from numba_lstm.kernels.cpu.gemm.layout import panel_layout, vector_geometry
from numba_lstm.kernels.cpu.lstm import kernel_selection, tasks
from numba_lstm.kernels.cpu.lstm.pointwise import CallOptions
from numba_lstm.kernels.cpu.runtime import thread_pool
from numba_lstm.kernels.specs import LSTMSpec
from numba_lstm.variables import Variable

T, D = 7, 5

#: Units whose last panel has half of a vector's lanes, and a quarter: cells then take two and four rows at once.
HALF, QUARTER = 22, 18

#: float64 has vectors of eight lanes at most, of which the last six of 22 units take a whole one.
UNITS = [("float32", HALF), ("float32", QUARTER), ("float64", QUARTER)]


@pytest.fixture(autouse=True)
def _threads_as_before():
    before = numba_lstm.get_num_threads()
    yield
    numba_lstm.set_num_threads(before)


def passed(N, dtype, H, rows=slice(None)):
    """What both calls return for some rows of a batch: y, h, c, dx, dh0, dc0 and the weights' gradients."""
    rng = np.random.default_rng(0)
    shapes = (T, N, D), (D, 4 * H), (H, 4 * H), 4 * H, (3, H), (T, N, H), (N, H), (N, H)
    x, W, U, b, V, dy, h0, c0 = (rng.normal(size=s).astype(dtype) / 3 for s in shapes)
    weights, mask = LSTMWeights(*map(Variable, (W, U, b, V))), rng.random((T, N)) < 0.8
    zoneout_h, zoneout_c = rng.random((2, T, N, H)) < 0.2
    x, mask, h0, c0, dy = x[:, rows], mask[:, rows], h0[rows], c0[rows], dy[:, rows]
    options = {"mask": mask, "noise": LSTMNoise(zoneout_h=zoneout_h[:, rows], zoneout_c=zoneout_c[:, rows])}
    out = cpu.lstm_forward(x, weights, h0, c0, LSTMSpec(zoneout=(0.2, 0.2)), sequences=True, training=True, **options)
    back = cpu.lstm_backward(out.tape, dy, None, None, need_dx=True)
    return [np.array(a) for a in (out.y, out.h, out.c, back.dx, back.dh0, back.dc0, *back.weights[:4])]


def call_options(**fields):
    return CallOptions(
        **{"masked": False, "peephole": False, "zoneout_h": False, "zoneout_c": False, "training": True} | fields
    )


@pytest.mark.parametrize(
    ("N", "H", "fields", "expected"),
    [
        (23, 50, {}, [23]),
        (24, 50, {}, [12, 12]),
        (37, 50, {}, [19, 18]),
        (256, 50, {}, [128, 128]),
        (64, 512, {}, [64]),  # its weights are not near
        (64, 50, {"training": False}, [64]),
        (64, 50, {"per_gate": True}, [64]),
    ],
)
def test_groups_are_of_shapes(N, H, fields, expected):
    layout = panel_layout(H, vector_geometry("float32").V)
    for threads in (1, 3):
        numba_lstm.set_num_threads(threads)
        made = kernel_selection.row_groups(Size(T, N, D), layout, call_options(**fields), np.dtype("float32"))
        assert [group.rows for group in made] == expected
        assert [group.first for group in made] == [0, *np.cumsum(expected)[:-1]]
        assert [group.begins for group in made] == [T * group.first for group in made]


@pytest.mark.parametrize(("dtype", "H"), UNITS)
@pytest.mark.parametrize("N", [24, 25, 70])
def test_any_number_of_threads_has_the_bits_of_one(monkeypatch, N, H, dtype):
    monkeypatch.setattr(thread_pool, "MIN_WORK_PER_THREAD", 1000)
    numba_lstm.set_num_threads(1)
    expected = passed(N, dtype, H)
    for threads in (2, 3, 4, 32):  # a group each, across groups, parts of groups, and a row each
        numba_lstm.set_num_threads(threads)
        for found, one in zip(passed(N, dtype, H), expected, strict=True):
            np.testing.assert_array_equal(found, one)


@pytest.mark.parametrize("splits", [1, 2, 3, 4, 13, 24, 25])
@pytest.mark.parametrize("N", [25, 26])
def test_threads_have_even_shares(N, splits):
    groups = make_groups(Size(T, N, D), True)
    ranges = tasks.row_ranges(groups, splits)
    assert [first for first, _ in ranges] == [0, *(last for _, last in ranges[:-1])]
    assert ranges[-1][1] == N
    rows = [last - first for first, last in ranges]
    assert len(rows) == splits
    assert min(rows) >= 1
    assert max(rows) - min(rows) <= 1
    assert batch_groups.splits_per_group(splits, groups) * len(groups) % splits == 0


def test_little_work_is_for_one_thread(monkeypatch):
    numba_lstm.set_num_threads(2)
    performed = []
    monkeypatch.setattr(thread_pool, "run_graph", lambda *graph, **options: performed.append(graph))
    passed(24, "float32", HALF)
    assert not performed


def halves(N, dtype, H):
    """A batch of two groups, and each group by itself."""
    numba_lstm.set_num_threads(1)
    return [passed(N, dtype, H, rows) for rows in (slice(None), slice(0, -(-N // 2)), slice(-(-N // 2), N))]


@pytest.mark.parametrize(("dtype", "H"), UNITS)
@pytest.mark.parametrize("N", [24, 37])
def test_gradients_are_the_sum_of_the_groups(dtype, N, H):
    """Each by itself is a batch that is too small for two."""
    for found, of_first, of_second in zip(*(found[6:9] for found in halves(N, dtype, H)), strict=True):  # dW, dU and db
        np.testing.assert_array_equal(found, of_first + of_second)


@pytest.mark.parametrize(("dtype", "H"), UNITS)
@pytest.mark.parametrize("N", [24, 37, 150])  # cells take 66 rows at most, some of them of two groups
def test_all_else_is_of_rows(dtype, N, H):
    for found, *by_group in zip(*(found[:6] for found in halves(N, dtype, H)), strict=True):
        np.testing.assert_array_equal(found, np.concatenate(by_group, axis=found.ndim - 2))
