"""CPU: layer normalization. Sums of a row are vectors, whose lanes are added in order at the end."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ..arrays.copy_tasks import as_steps, cast, zeroed
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name, vector_geometry
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall
from ..runtime.weight_values import value_of
from ..simd.reductions import row_dot, row_sum
from ..simd.vector import data

Array = npt.NDArray[Any]


class _Tape(NamedTuple):
    x: Array  #: (T, N, D)
    stats: Array  #: mean and 1 / sqrt(var + epsilon) of each row
    gamma: Weight | None
    beta: Weight | None
    shape: tuple[int, ...]


@cache
def _forward(dtype: str) -> Any:
    """Constants are 1, 1 / D and epsilon, in an array of x's dtype so that nothing widens."""
    V = vector_geometry(dtype).V

    def layer_norm_value(x, gamma, beta, constants, y, stats, row, scratch):
        T, N, D = x.shape
        outer, inner = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        one, share, epsilon = constants[0], constants[1], constants[2]
        x_, gamma_, beta_, y_, row_, lanes = data(x), data(gamma), data(beta), data(y), data(row), data(scratch)
        for t in range(T):
            for n in range(N):
                at, m = t * outer + n * inner, t * N + n
                mean = row_sum(x_, at, D, lanes, V) * share
                for d in range(D):
                    row_[d] = x_[at + d] - mean
                r = one / np.sqrt(row_dot(row_, row_, D, lanes, V) * share + epsilon)
                for d in range(D):
                    y_[m * D + d] = row_[d] * r * gamma_[d] + beta_[d]
                stats[m, 0], stats[m, 1] = mean, r

    return kernel(layer_norm_value, f"layer_norm_value_{dtype}x{V}", NUMBA[dtype], "x3 x1 x1 f1 f2 f2 f1 f1")


@cache
def _backward(dtype: str) -> Any:
    """dgamma and dbeta are added up in float64, row after row."""
    V = vector_geometry(dtype).V

    def layer_norm_slope(x, stats, gamma, dy, share, dx, dgamma, dbeta, normed, g, scratch):
        T, N, D = x.shape
        outer, inner = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        dy_outer, dy_inner = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        x_, dy_, dx_, n_, g_, lanes = data(x), data(dy), data(dx), data(normed), data(g), data(scratch)
        gamma_, dgamma_, dbeta_ = data(gamma), data(dgamma), data(dbeta)
        for t in range(T):
            for n in range(N):
                at, to, m = t * outer + n * inner, t * dy_outer + n * dy_inner, t * N + n
                mean, r = stats[m, 0], stats[m, 1]
                for d in range(D):  # one result a loop: LLVM vectorizes these, but no loop that writes four arrays
                    n_[d] = (x_[at + d] - mean) * r
                for d in range(D):
                    g_[d] = dy_[to + d] * gamma_[d]
                for d in range(D):
                    dgamma_[d] += np.float64(dy_[to + d]) * np.float64(n_[d])
                for d in range(D):
                    dbeta_[d] += np.float64(dy_[to + d])
                if dx.size > 0:
                    a = row_sum(g_, 0, D, lanes, V) * share[0]
                    b = row_dot(g_, n_, D, lanes, V) * share[0]
                    for d in range(D):
                        dx_[m * D + d] = (g_[d] - a - n_[d] * b) * r

    return kernel(layer_norm_slope, f"layer_norm_slope_{dtype}x{V}", NUMBA[dtype], "x3 f2 x1 x3 f1 f2 e1 e1 f1 f1 f1")


def _gamma(gamma: Weight | None, D: int, dtype: Any) -> Array:
    return np.ones(D, dtype) if gamma is None else value_of(gamma)


def layer_norm_forward(
    x: Array, gamma: Weight | None, beta: Weight | None, epsilon: float, *, training: bool = False
) -> tuple[Array, _Tape | None]:
    """CPU: three passes over a row, which stays in the L1 cache."""
    rows, dtype, D = as_steps(x), x.dtype, x.shape[-1]
    M = x.size // D
    y, stats = empty((M, D), dtype), empty((M, 2), dtype)
    constants = np.array([1, 1 / D, epsilon], dtype)
    shift = np.zeros(D, dtype) if beta is None else value_of(beta)
    scratch = empty(D, dtype), empty(vector_geometry(dtype).V, dtype)
    run = _forward(dtype_name(dtype))
    run_eagerly([KernelCall(run, rows, _gamma(gamma, D, dtype), shift, constants, y, stats, *scratch)])
    return y.reshape(x.shape), _Tape(rows, stats, gamma, beta, x.shape) if training else None


def layer_norm_backward(tape: _Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
    """CPU: normalized rows are computed again, which saves their memory."""
    x, stats, gamma, beta, shape = tape
    dtype, D = dy.dtype, shape[-1]
    dx = empty((len(stats), D) if need_dx else (0, 0), dtype)
    dgamma, dbeta = empty(D), empty(D)
    scratch = empty(D, dtype), empty(D, dtype), empty(vector_geometry(dtype).V, dtype)
    weight, share, run = _gamma(gamma, D, dtype), np.array([1 / D], dtype), _backward(dtype_name(dtype))
    call = KernelCall(run, x, stats, weight, as_steps(dy), share, dx, dgamma, dbeta, *scratch)
    run_eagerly([zeroed(dgamma), zeroed(dbeta), call])
    return (
        dx.reshape(shape) if need_dx else None,
        None if gamma is None else cast(dgamma, dtype),
        None if beta is None else cast(dbeta, dtype),
    )
