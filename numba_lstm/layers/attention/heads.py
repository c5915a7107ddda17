"""Attention of several heads: weights of values, and sums of values with these weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ...ops.tensor import Tensor
from .cached_steps import Masks


def head_shares(
    query: Tensor,
    key: Tensor,
    masks: Masks,
    use_causal_mask: bool = False,
    attention_mask: Tensor | None = None,
    rows: str = "key",
) -> Tensor:
    """Return the weights (N, heads, Tq, Tv) of values for projected queries and keys (N, T, heads, key_dim).

    ``rows="query"`` is for a single query: a product with one column may be summed in another order than one of several.
    """
    query = ops.multiply(query, 1 / math.sqrt(key.shape[-1]))
    pair, letters = ((query, key), "bthk,bshk") if rows == "query" else ((key, query), "bshk,bthk")
    compared = ops.einsum(f"{letters}->bhts", *pair)
    allowed = _allowed(masks, compared.shape, use_causal_mask, attention_mask)
    shares: Tensor = ops.softmax(compared if allowed is None else ops.where(allowed, compared, -1e9))
    return shares if allowed is None else ops.where(allowed, shares, 0.0)


def weighted_values(shares: Tensor, value: Tensor) -> Tensor:
    """Return the sums (N, Tq, heads, value_dim) of projected values."""
    y: Tensor = ops.einsum("bhts,bshk->bthk", shares, value)
    return y


def _allowed(masks: Masks, shape: tuple[int, ...], use_causal_mask: bool, attention_mask: Tensor | None) -> Tensor | None:
    """Return which pairs of steps have a weight, for scores of ``shape`` (N, heads, Tq, Tv)."""
    N, _, steps, values = shape
    allowed: Any = np.tri(steps, values, dtype=np.bool_).reshape(1, 1, steps, values) if use_causal_mask else None
    places = [(N, 1, steps, 1), *[(N, 1, 1, values)] * (len(masks) - 1), (N, 1, steps, values)]
    for mask, place in zip((*masks, attention_mask), places, strict=True):
        if mask is not None:
            wide = ops.reshape(mask, place)
            allowed = wide if allowed is None else ops.logical_and(allowed, wide)
    return allowed  # type: ignore[no-any-return]
