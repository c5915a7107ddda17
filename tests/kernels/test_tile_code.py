"""The machine's view of a tile: loops that are as long as they were written."""

from __future__ import annotations

import re

import numpy as np
from numba import njit, types

from numba_lstm.kernels.cpu.gemm.forward import affine_row
from numba_lstm.kernels.cpu.gemm.layout import vector_geometry
from numba_lstm.kernels.cpu.gemm.microkernel import UNROLLED
from numba_lstm.kernels.cpu.simd.vector import data


def test_llvm_unrolls_no_loop_of_a_tile_whose_length_it_does_not_know():
    V = vector_geometry("float32").V

    def product(x, W, z, K):
        affine_row(1, 1, V, (data(z), 0, 0, data(x), 0, 0, K, data(W), 0, 0, data(z), 0, 0))

    rows = types.Array(types.float32, 1, "C")
    signature = (rows, rows, rows, types.intp)
    compiled = njit(signature, error_model="numpy")(product)
    body = re.search(r"define [^\n]*@_ZN[^\n]*product[^\n]*{\n(.*?)\n}", compiled.inspect_llvm(signature), re.DOTALL)
    assert body is not None
    multiplications = re.findall(rf"call[^\n]*@llvm\.fma\.v{V}f32", body[1]) or re.findall(r" fmul ", body[1])
    assert len(multiplications) == UNROLLED + 1  # a step of the loop, and one of the loop over what is left

    x, W, z = (np.linspace(a, a + 1, n, dtype=np.float32) for a, n in ((0, 11), (1, 11 * V), (2, V)))
    expected = z + x @ W.reshape(11, V)
    compiled(x, W, z, 11)
    np.testing.assert_allclose(z, expected, rtol=1e-5)
