"""MultiHeadAttention: dot-product attention of several projections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ... import constraints, initializers, ops, philox, regularizers
from ...inputs import as_count, as_number
from ...ops.program import keep
from ...ops.tensor import Tensor
from ..base.arguments import Shape
from ..base.graph.symbolic import MaskKey
from .cached_steps import CachedSteps, Masks, Tensors, summed_in_order
from .heads import head_shares, weighted_values


class MultiHeadAttention(CachedSteps):
    """Multi-head attention (Vaswani et al. 2017), as ``keras.layers.MultiHeadAttention``.

    Each head projects query (N, Tq, D), value (N, Tv, D') and key (N, Tv, D''), which is the value by default, and returns
    ``softmax(query key^T / sqrt(key_dim)) value``. A last projection of all heads gives (N, Tq, D).

    Masks of query, value and key are joined: a pair of steps has no weight where one of them is False.

    Parameters
    ----------
    num_heads, key_dim : int
        Number of heads, and features of a projected query and key.
    value_dim : int, optional
        Features of a projected value; ``key_dim`` by default.
    dropout : float
        The share of weights that are zeroed in training, from 0 to below 1.
    use_bias : bool
        Whether the projections have biases.
    output_shape : int, optional
        Features of the output; those of the query by default.
    kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint
        Of all projections, as in Dense.
    seed : int, optional
        In place of the model's.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (3,)
    at_least, at_most = 2, 3
    call_defaults: ClassVar = {"return_attention_scores": False, "use_causal_mask": False}
    mask_arguments = ("attention_mask",)
    later: ClassVar = {"attention_axes": None, "sliding_window": None, "flash_attention": None, "use_gate": False}

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        *,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.num_heads = as_count(num_heads, "MultiHeadAttention's num_heads")
        self.key_dim = as_count(key_dim, "MultiHeadAttention's key_dim")
        self.value_dim = self.key_dim if value_dim is None else as_count(value_dim, "MultiHeadAttention's value_dim")
        self.dropout = as_number(dropout, "MultiHeadAttention's dropout", "[0, 1)")
        self.use_bias = bool(use_bias)
        sizes = [output_shape] if isinstance(output_shape, int) else list(output_shape or ())
        if len(sizes) > 1:
            raise ValueError(f"MultiHeadAttention's output_shape must be one number of features, got {output_shape!r}.")
        self._output_shape = as_count(sizes[0], "MultiHeadAttention's output_shape") if sizes else None
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.seed = None if seed is None else philox.check_seed(seed)
        super().__init__(**kwargs)

    def check_shapes(self, shapes: tuple[Shape, ...]) -> None:
        steps = {shapes[1][1], shapes[-1][1]} - {None}
        if any(len(shape) != 3 for shape in shapes) or len(steps) > 1:
            raise ValueError(
                f"{self.name} expects query (N, Tq, D), value (N, Tv, D') and key (N, Tv, D''), got shapes {list(shapes)}. "
                "Give value and key the same steps."
            )

    def build(self, input_shape: Any) -> None:
        query, value, key = (input_shape[k][-1] for k in (0, 1, -1))
        heads, out = self.num_heads, self._output_shape or query
        projections = {
            "query": (query, heads, self.key_dim),
            "key": (key, heads, self.key_dim),
            "value": (value, heads, self.value_dim),
            "attention_output": (heads, self.value_dim, out),
        }
        for name, shape in projections.items():
            rest = shape[1:] if name != "attention_output" else shape[2:]
            self.add_weight(
                shape,
                self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
                name=f"{name}/kernel",
            )
            if self.use_bias:
                self.add_weight(
                    rest,
                    self.bias_initializer,
                    regularizer=self.bias_regularizer,
                    constraint=self.bias_constraint,
                    name=f"{name}/bias",
                )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return (*input_shape[0][:-1], self._output_shape or input_shape[0][-1])

    def call_output_shapes(self, input_shape: Any, arguments: Mapping[str, Any]) -> Any:
        y, (N, steps, _) = self.compute_output_shape(input_shape), input_shape[0]
        return (y, (N, self.num_heads, steps, input_shape[1][1])) if arguments.get("return_attention_scores") else y

    def mask_shape(self, key: MaskKey, shapes: Sequence[Shape]) -> Shape | None:
        return (*shapes[0][:2], shapes[1][1]) if key == "attention_mask" else super().mask_shape(key, shapes)

    def compute(
        self,
        inputs: Tensors,
        masks: Masks,
        weights: Sequence[Tensor],
        training: bool,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
        attention_mask: Tensor | None = None,
    ) -> Any:
        query, key, value = (self._projected(k, x, weights) for k, x in enumerate((inputs[0], inputs[-1], inputs[1])))
        shares = head_shares(query, key, masks, use_causal_mask, attention_mask)
        kept = ops.multiply(shares, keep(shares.shape, self.dropout)) if training and self.dropout else shares
        y = summed_in_order(kept, value, weighted_values) if use_causal_mask else weighted_values(kept, value)
        y = self._projected(3, y, weights)
        return (y, shares) if return_attention_scores else y

    def cache_sizes(self, features: Sequence[int]) -> tuple[int, ...]:
        return self.num_heads * self.key_dim, self.num_heads * self.value_dim

    def cached(self, inputs: Tensors, weights: Sequence[Tensor]) -> list[Tensor]:
        new = (self._projected(k, x, weights) for k, x in ((1, inputs[-1]), (2, inputs[1])))
        return [ops.reshape(x, (*x.shape[:2], -1)) for x in new]

    def attend(self, inputs: Tensors, rings: Sequence[Tensor], masks: Masks, weights: Sequence[Tensor]) -> Tensor:
        key, value = (ops.reshape(ring, (*ring.shape[:2], self.num_heads, -1)) for ring in rings)
        query = self._projected(0, inputs[0], weights)
        shares = head_shares(query, key, masks, rows="query")
        return self._projected(3, summed_in_order(shares, value, weighted_values), weights)

    def _projected(self, index: int, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return a projection: of query, key or value to heads, or of the heads to the output."""
        kernel, *bias = weights[2 * index : 2 * index + 2] if self.use_bias else weights[index : index + 1]
        y: Tensor = ops.einsum("btd,dhk->bthk" if index < 3 else "bthk,hkd->btd", x, kernel)
        return ops.add(y, bias[0] if bias else 0.0)  # type: ignore[no-any-return]

    def compute_mask_of(self, inputs: Tensors, masks: Masks) -> Tensor | None:
        return masks[0]

    def __call__(  # type: ignore[override]
        self,
        query: Any,
        value: Any = None,
        key: Any = None,
        training: bool | None = None,
        *,
        mask: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Compute the output for query, value and key, or for a list of them, arrays or symbolic tensors.

        Parameters
        ----------
        query, value, key : array or SymbolicTensor, (N, T, D)
            The inputs; the key is the value by default.
        training : bool, optional
            Whether to drop weights.
        mask : list, optional
            A mask (N, T) or None for each input, in place of ``query_mask``, ``value_mask`` and ``key_mask``.
        query_mask, value_mask, key_mask : array or SymbolicTensor of bool, (N, T), optional
            False in the steps to leave out.
        attention_mask : array or SymbolicTensor of bool, (N, Tq, Tv), optional
            False where a query leaves out a value.
        return_attention_scores : bool
            Whether to return a pair: the output, and the weights of the values (N, heads, Tq, Tv).
        use_causal_mask : bool
            Whether a query at step i leaves out the values after step i.
        """
        x = list(query) if value is None else [query, value] if key is None else [query, value, key]
        if mask is None:
            mask = {k: one for k, one in enumerate((query_mask, value_mask, key_mask)) if one is not None}
        options = {"return_attention_scores": return_attention_scores, "use_causal_mask": use_causal_mask}
        return self.call_with(x, training, mask, {**options, "attention_mask": attention_mask})

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "output_shape": None if self._output_shape is None else [self._output_shape],
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "seed": self.seed,
        }
