"""EinsumDense: a product with a kernel of any number of axes, a bias and an activation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from ... import activations, constraints, initializers, ops, regularizers
from ...ops.tensor import Tensor
from ...variables import Variable
from ..base.arguments import Shape
from ..traced import ComputedLayer

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class EinsumDense(ComputedLayer):
    """``activation(einsum(equation, x, kernel) + bias)``, as ``keras.layers.EinsumDense``. A mask that comes in ends here.

    Parameters
    ----------
    equation : str
        Letters of x, of the kernel and of the output, such as ``"btd,dhk->bthk"`` or ``"...x,xy->...y"``.
    output_shape : int or tuple
        The sizes of the output's letters without the batch; None for a size of x.
    activation : str, function or None
        None is linear.
    bias_axes : str, optional
        Letters of the output along which there is a bias. By default there is none.
    kernel_initializer, bias_initializer : str, dict or Initializer
        Initial weights.
    kernel_regularizer, bias_regularizer : str, dict or Regularizer, optional
        Penalties that join the loss.
    kernel_constraint, bias_constraint : str, dict or Constraint, optional
        What is done to a weight after each update.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)
    supports_masking = False
    later: ClassVar = dict.fromkeys(("lora_rank", "lora_alpha", "gptq_unpacked_column_size", "quantization_config"))

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        match = _EQUATION.fullmatch(str(equation).replace(" ", ""))
        if match is None or bool(match[1]) != bool(match[5]) or bool(match[3]) != bool(match[7]) or (match[1] and match[3]):
            raise ValueError(
                f"EinsumDense's equation must be as 'ab,bc->ac', '...b,bc->...c' or 'ab...,bc->ac...', got {equation!r}."
            )
        self.equation = match[0]
        self._letters = match[2], match[4], match[6]
        self._elided = "before" if match[1] else "behind" if match[3] else ""
        self.output_sizes = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        if unknown := set(bias_axes or "") - set(match[6]):
            raise ValueError(f"EinsumDense's bias_axes {bias_axes!r} has {min(unknown)!r}, which {self.equation!r} does not.")
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        super().__init__(**kwargs)

    def _filled(self, rank: int) -> tuple[str, str, str]:
        """Return the letters of x of ``rank`` axes, of the kernel and of the output, with some in place of the ellipsis."""
        x, kernel, y = self._letters
        count = rank - len(x)
        if count < 0 or (count and not self._elided):
            raise ValueError(f"{self.name} has the equation {self.equation!r} for x of {rank} axes. Give as many letters.")
        more = "".join(one for one in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if one not in x + kernel + y)[:count]
        return (more + x, kernel, more + y) if self._elided == "before" else (x + more, kernel, y + more)

    def build(self, input_shape: Shape) -> None:
        x, kernel, y = self._filled(len(input_shape))
        sizes = dict(zip(x, input_shape, strict=True))
        named = self._letters[2] if self._elided == "before" else self._letters[2][1:]
        if len(self.output_sizes) != len(named):
            raise ValueError(
                f"{self.name} has output_shape={self.output_sizes} for {self.equation!r}. Give the sizes of {', '.join(named)}."
            )
        for letter, size in zip(named, self.output_sizes, strict=True):
            if None not in (size, sizes.get(letter)) and sizes[letter] != size:
                raise ValueError(f"{self.name} has the size {size} for {letter!r} of {self.equation!r}, and x {sizes[letter]}.")
            sizes[letter] = sizes.get(letter) or size
        missing = [letter for letter in kernel if sizes.get(letter) is None]
        if missing or not set(y) <= set(sizes):
            raise ValueError(
                f"{self.name} has no size for {(missing or [y])[0]!r} of {self.equation!r}. Give it in output_shape."
            )
        shape: Any = tuple(sizes[letter] for letter in kernel)
        regularizer, constraint = self.kernel_regularizer, self.kernel_constraint
        self.kernel = self.add_weight(
            shape, self.kernel_initializer, name="kernel", regularizer=regularizer, constraint=constraint
        )
        self.bias: Variable | None = None
        if self.bias_axes:
            first = min(y.index(letter) for letter in self.bias_axes)
            shape = tuple(sizes[letter] if letter in self.bias_axes else 1 for letter in y[first:])
            regularizer, constraint = self.bias_regularizer, self.bias_constraint
            self.bias = self.add_weight(
                shape, self.bias_initializer, name="bias", regularizer=regularizer, constraint=constraint
            )

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Any:
        (x,), (kernel, *bias) = inputs, weights
        of_x, of_kernel, of_y = self._filled(x.ndim)
        y = ops.einsum(f"{of_x},{of_kernel}->{of_y}", x, kernel)
        for one in bias:
            y = ops.add(y, ops.reshape(one, (1,) * (y.ndim - one.ndim) + one.shape))
        return self.activation(y)

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "equation": self.equation,
            "output_shape": self.output_sizes,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
