"""CPU: the Dense ops, products with weights packed in blocks of columns."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ...specs import Activation
from ..arrays.arrays import shaped
from ..arrays.copy_tasks import as_steps, reshaped
from ..gemm import pack
from ..gemm.gemm import L2_EXCEEDING_BYTES, affine, product_like
from ..gemm.layout import column_layout, vector_geometry
from ..gemm.weight_grad import plain_gradient
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from .activation import ActivationTape, apply, gradient

Array = npt.NDArray[Any]


class _Tape(NamedTuple):
    x: Array
    kernel: Weight
    bias: Weight | None
    activation: ActivationTape


def product(x: Array, W: Array, b: Array, C: int) -> Array:
    """Return ``b + x W`` for x (M, D) or (T, N, D) as rows (M, padded)."""
    run, blocks, padded = _product_kernel(C, x.dtype, W.nbytes >= L2_EXCEEDING_BYTES)
    x = as_steps(x)
    out = aligned((x.shape[0] * x.shape[1], padded), x.dtype)
    run_eagerly([product_like(run, x, W, b, out, blocks)(x)])
    return out


@cache
def _product_kernel(C: int, dtype: np.dtype[Any], exceeds_l2: bool) -> tuple[Any, int, int]:
    """Return the kernel of a product with C columns, the number of its full blocks, and its columns with padding."""
    geometry = vector_geometry(dtype)
    layout = column_layout(C, geometry)
    return affine(geometry, layout.C, exceeds_l2), layout.full, layout.padded(geometry)


def dense_forward(
    x: Array, kernel: Weight, bias: Weight | None, activation: Activation, *, training: bool = False
) -> tuple[Array, _Tape | None]:
    """CPU: rows are independent sums, so that bits do not depend on the batch."""
    D, C = kernel.value.shape
    W = pack.packed(kernel, "cpu.blocks", pack.blocks)
    b = pack.zero_bias(W.size // D, x.dtype) if bias is None else pack.packed(bias, "cpu.blocks", pack.blocks)
    y, kept = apply(activation, product(x, W, b, C), (*x.shape[:-1], C), training)
    return y, None if kept is None else _Tape(x, kernel, bias, kept)


def dense_backward(tape: _Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """CPU: dz in padded rows, then three products."""
    x, kernel, bias, kept = tape
    D, C = kernel.value.shape
    geometry = vector_geometry(x.dtype)
    dz = gradient(kept, dy, column_layout(C, geometry).padded(geometry))
    dW = plain_gradient(reshaped(x, (len(dz), D)), dz, C, geometry)
    db = None if bias is None else plain_gradient(np.ones((len(dz), 1), x.dtype), dz, C, geometry)[0]
    if not need_dx:
        return None, dW, db
    W = pack.packed(kernel, "cpu.transposed_blocks", pack.blocks_transposed)
    zero = pack.zero_bias(column_layout(D, geometry).padded(geometry), x.dtype)
    return shaped(product(dz[:, :C], W, zero, D), x.shape), dW, db
