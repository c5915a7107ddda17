"""Products of all gates of a GRU or of a simple RNN, with a dropout mask of each gate where there are masks."""

from __future__ import annotations

from typing import Any

from ..arrays.arrays import concat, repeat, split
from ..arrays.elementwise import add, multiply
from ..gemm.gemm import product, product_nt, product_tn

Array = Any


def gate_products(a: Array, W: Array, bias: Array | None, masks: Array | None) -> Array:
    """Return ``bias + a W`` (M, GH) for rows a (M, K) and a bias (1, GH); the masks (G, N, K) repeat over time."""
    if masks is None:
        return product(a, W, bias)
    biases = [None] * len_of(masks) if bias is None else gates_of(bias, masks)
    return concat(
        [product(masked(a, masks, k), W_k, b) for k, (W_k, b) in enumerate(zip(gates_of(W, masks), biases, strict=True))]
    )


def weight_gradient(a: Array, d: Array, masks: Array | None) -> Array:
    """Return the gradient ``a^T d`` of W."""
    if masks is None:
        return product_tn(a, d)
    return concat([product_tn(masked(a, masks, k), d_k) for k, d_k in enumerate(gates_of(d, masks))])


def rows_gradient(d: Array, W: Array, masks: Array | None) -> Array:
    """Return the gradient ``d W^T`` of a."""
    if masks is None:
        return product_nt(d, W)
    pairs = zip(gates_of(d, masks), gates_of(W, masks), strict=True)
    first, *others = (masked(product_nt(d_k, W_k), masks, k) for k, (d_k, W_k) in enumerate(pairs))
    for other in others:
        first = add(first, other)
    return first


def len_of(masks: Array) -> int:
    """Return the number of gates of masks (G, N, K)."""
    return int(masks.shape[0])


def gates_of(columns: Array, masks: Array) -> list[Array]:
    """Return the columns of each gate."""
    return split(columns, [columns.shape[-1] // len_of(masks)] * len_of(masks))


def masked(a: Array, masks: Array, gate: int) -> Array:
    """Return rows (M, K) times the mask of a gate, which repeats over time."""
    _, N, K = masks.shape
    return multiply(a, repeat(masks[gate : gate + 1].reshape(N, K), a.shape[0] // N).reshape(a.shape[0], K))
