"""Attention: weights of values from products of queries and keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ... import ops, philox
from ...inputs import as_number
from ...ops.program import keep
from ...ops.tensor import Tensor
from ..base.arguments import Shape
from ..base.results import StepValue
from .cached_steps import CachedSteps, Masks, Tensors, summed_in_order


class Attention(CachedSteps):
    """Dot-product attention (Luong et al. 2015), as ``keras.layers.Attention``.

    It takes a list of query (N, Tq, D), value (N, Tv, D') and optionally key (N, Tv, D), which is the value by default. With
    scores ``query key^T`` it returns ``softmax(scores) value``, (N, Tq, D').

    Of a value's mask, masked steps have no weight. Of a query's mask, masked steps have the output 0, and the mask goes on.

    Parameters
    ----------
    use_scale : bool
        Whether a trained number multiplies the scores.
    score_mode : "dot" or "concat"
        ``"concat"`` takes ``w sum tanh(query + key)`` for the scores, with a trained number w.
    dropout : float
        The share of weights that are zeroed in training, from 0 to below 1.
    seed : int, optional
        In place of the model's.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (3,)
    at_least, at_most = 2, 3
    call_defaults: ClassVar = {"return_attention_scores": False, "use_causal_mask": False}
    modes: ClassVar[tuple[str, ...]] = ("dot", "concat")

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if score_mode not in self.modes:
            raise ValueError(f"score_mode must be {' or '.join(map(repr, self.modes))}, got {score_mode!r}.")
        self.use_scale, self.score_mode = bool(use_scale), score_mode
        self.dropout = as_number(dropout, f"{type(self).__name__}'s dropout", "[0, 1)")
        self.seed = None if seed is None else philox.check_seed(seed)
        super().__init__(**kwargs)

    def check_shapes(self, shapes: tuple[Shape, ...]) -> None:
        query, value, key = shapes[0], shapes[1], shapes[-1]
        steps = len({value[1], key[1]} - {None}) < 2 if len(shapes) > 2 else True
        if any(len(shape) != 3 for shape in shapes) or not steps or len({query[-1], key[-1]} - {None}) > 1:
            raise ValueError(
                f"{self.name} expects query (N, Tq, D), value (N, Tv, D') and key (N, Tv, D), got shapes {list(shapes)}. "
                "Give query and key the same features D, by Dense(D), and value and key the same steps."
            )

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        self.concat_score_weight = (
            self.add_weight((), "ones", name="concat_score_weight") if self.score_mode == "concat" else None
        )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return (*input_shape[0][:-1], input_shape[1][-1])

    def call_output_shapes(self, input_shape: Any, arguments: Mapping[str, Any]) -> Any:
        y = self.compute_output_shape(input_shape)
        return (y, (*input_shape[0][:-1], input_shape[-1][1])) if arguments.get("return_attention_scores") else y

    def compute(
        self,
        inputs: Tensors,
        masks: Masks,
        weights: Sequence[Tensor],
        training: bool,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        query, value, key = inputs[0], inputs[1], inputs[-1]
        shares: Tensor = ops.softmax(masked(self.compare(query, key, weights), masks[1], use_causal_mask))
        shares = ops.multiply(shares, keep(shares.shape, self.dropout)) if training and self.dropout else shares
        y: Tensor = summed_in_order(shares, value, ops.matmul) if use_causal_mask else ops.matmul(shares, value)
        y = y if masks[0] is None else ops.where(ops.expand_dims(masks[0], -1), y, 0.0)
        return (y, shares) if return_attention_scores else y

    def compare(self, query: Tensor, key: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the scores (N, Tq, Tv)."""
        compared: Tensor
        if self.score_mode == "dot":
            compared = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return ops.multiply(compared, weights[0]) if self.use_scale else compared
        pairs = ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
        pairs = ops.multiply(pairs, weights[0]) if self.use_scale else pairs
        compared = ops.multiply(ops.sum(ops.tanh(pairs), -1), weights[-1])
        return compared

    def check_cached(self, values: Sequence[StepValue]) -> None:
        super().check_cached(values)
        if any(value.masked for value in values):
            reason = "where all steps so far are masked, it takes later ones. Take MultiHeadAttention"
            raise NotImplementedError(self._refusal(reason))

    def cache_sizes(self, features: Sequence[int]) -> tuple[int, ...]:
        return tuple(features[1:])

    def cached(self, inputs: Tensors, weights: Sequence[Tensor]) -> list[Tensor]:
        return list(inputs[1:])

    def attend(self, inputs: Tensors, rings: Sequence[Tensor], masks: Masks, weights: Sequence[Tensor]) -> Tensor:
        shares: Tensor = ops.softmax(masked(self.compare(inputs[0], rings[-1], weights), masks[1], False))
        return summed_in_order(shares, rings[0], ops.matmul)

    def compute_mask_of(self, inputs: Tensors, masks: Masks) -> Tensor | None:
        return masks[0]

    def __call__(
        self,
        x: Any,
        training: bool | None = None,
        *,
        mask: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Compute the output for ``[query, value]`` or ``[query, value, key]``, arrays or symbolic tensors.

        Parameters
        ----------
        x : list
            The query, the value, and optionally the key.
        training : bool, optional
            Whether to drop weights.
        mask : list, optional
            A mask (N, T) or None for each input.
        return_attention_scores : bool
            Whether to return a pair: the output, and the weights of the values (N, Tq, Tv).
        use_causal_mask : bool
            Whether a query at step i leaves out the values after step i.
        """
        options = {"return_attention_scores": return_attention_scores, "use_causal_mask": use_causal_mask}
        return self.call_with(x, training, mask, options)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }


def masked(compared: Tensor, mask: Tensor | None, use_causal_mask: bool, far: float = 1e9) -> Tensor:
    """Return scores (..., Tq, Tv), less ``far`` where a value is masked (N, Tv) or after the query."""
    steps, values = compared.shape[-2:]
    shape = (*(1,) * (compared.ndim - 2), steps, values)
    allowed = None if mask is None else ops.reshape(mask, (mask.shape[0], *(1,) * (compared.ndim - 2), values))
    if use_causal_mask:
        triangle = np.tri(steps, values, dtype=np.bool_).reshape(shape)
        allowed = triangle if allowed is None else ops.logical_and(allowed, triangle)
    if allowed is None:
        return compared
    y: Tensor = ops.where(allowed, compared, ops.subtract(compared, far))
    return y
