"""AdditiveAttention: weights of values from sums of queries and keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...ops.tensor import Tensor
from .attention import Attention


class AdditiveAttention(Attention):
    """Additive attention (Bahdanau et al. 2015), as ``keras.layers.AdditiveAttention``.

    The scores are ``sum scale * tanh(query + key)`` over the features, with a trained ``scale`` (D,). All else is that of
    :class:`Attention`.

    Parameters
    ----------
    use_scale : bool
        Whether there is a trained scale. Without it the scale is 1.
    dropout, seed
        Those of :class:`Attention`.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    modes = ("dot",)

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        D = input_shape[0][-1]
        self.scale = self.add_weight((D,), "glorot_uniform", name="scale") if self.use_scale else None

    def compare(self, query: Tensor, key: Tensor, weights: Sequence[Tensor]) -> Tensor:
        pairs = ops.tanh(ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3)))
        if not self.use_scale:
            total: Tensor = ops.sum(pairs, -1)
            return total
        N, steps, values, D = pairs.shape
        compared: Tensor = ops.reshape(ops.matmul(ops.reshape(pairs, (-1, D)), weights[0]), (N, steps, values))
        return compared

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["score_mode"]
        return config
