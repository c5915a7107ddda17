"""Matrix products on the device: tiles, edges, chunks, and bits that do not depend on them."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES
from tolerances import SUMS, assert_close

from numba_lstm.kernels.cuda.gemm import gemm

pytestmark = pytest.mark.parametrize("dtype", DTYPES)

SIZES = [(3, 5, 7), (1, 1, 1), (1, 33, 2), (37, 65, 40), (34, 1, 17)]


def operands(M, N, K, dtype):
    rng = np.random.default_rng([9, M, N, K])
    return (rng.standard_normal(shape).astype(dtype) for shape in ((M, K), (K, N), (N,)))


def run(device, product, *arrays):
    return device.download(product(*(device.upload(np.ascontiguousarray(a)) for a in arrays)))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_products(device, dtype, size):
    a, b, bias = operands(*size, dtype)
    expected = a.astype("float64") @ b.astype("float64")
    assert_close(run(device, gemm.product, a, b, bias), expected + bias, SUMS[dtype], "with a bias")
    assert_close(run(device, gemm.product, a, b), expected, SUMS[dtype], "without")
    assert_close(run(device, gemm.product_nt, a, b.T), expected, SUMS[dtype], "b transposed")
    assert_close(run(device, gemm.product_tn, a.T, b), expected, SUMS[dtype], "a transposed")


@pytest.mark.parametrize("product", [gemm.product, gemm.product_nt, gemm.product_tn], ids=lambda p: p.__name__)
def test_the_large_tile_has_the_bits_of_the_small_one(device, dtype, product, monkeypatch):
    a, b, _ = operands(70, 130, 19, dtype)
    a, b = a.T if product is gemm.product_tn else a, b.T if product is gemm.product_nt else b
    small = run(device, product, a, b)
    monkeypatch.setattr(gemm, "MIN_LARGE_TILES", 1)
    large = run(device, product, a, b)
    assert device.launches[-1].threads[0] == gemm.LARGE[dtype].threads
    assert large.tobytes() == small.tobytes()


def test_a_row_has_its_bits_whatever_the_batch(device, dtype):
    a, b, bias = operands(37, 20, 40, dtype)
    batch = run(device, gemm.product, a, b, bias)
    for row in (0, 31, 36):
        assert run(device, gemm.product, a[row : row + 1], b, bias).tobytes() == batch[row].tobytes()


def test_many_rows_are_added_up_in_chunks(device, dtype):
    a, b, _ = operands(3, 5, 1030, dtype)
    found = run(device, gemm.product_tn, a.T, b)
    assert [launch.blocks for launch in device.launches] == [(1, 1, 4), (1, 1, 1)]
    assert_close(found, a.astype("float64") @ b.astype("float64"), SUMS[dtype])
