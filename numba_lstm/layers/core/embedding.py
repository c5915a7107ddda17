"""Embedding: rows of a trained table, selected by indices."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ... import constraints, initializers, regularizers
from ...inputs import INPUT_AXES, as_count, as_real
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape


class Embedding(Layer):
    """Row ``x`` of a table for each index ``x``: (N, T) gives (N, T, D), (N,) gives (N, D); as ``keras.layers.Embedding``.

    It is the first layer of a model, and takes whole numbers in any real dtype.

    Parameters
    ----------
    input_dim : int
        K, the number of rows: indices are 0 to K-1.
    output_dim : int
        D, the size of a row.
    embeddings_initializer : str, dict or Initializer
        Initial table (K, D).
    embeddings_regularizer : str, dict or Regularizer, optional
    embeddings_constraint : str, dict or Constraint, optional
    mask_zero : bool
        Whether index 0 stands for no step at all: where it is, the mask is False. A mask that comes in is joined, or goes
        on as it is. (Keras forgets it.)
    weights : array (K, D), optional
        The initial table itself, or Keras's list that holds it.
    input_length : int, optional
        Taken without effect, with a warning, as in Keras 3.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For sizes below 1, for ``weights`` of another shape, and in a call for numbers that are no index of a row.
    """

    ranks = (1, 2)
    takes_indices = True

    @property
    def makes_mask(self) -> bool:
        """Whether a mask goes on that is False at index 0."""
        return self.mask_zero

    later: ClassVar = dict.fromkeys(("lora_rank", "lora_alpha", "quantization_config"))

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: npt.ArrayLike | None = None,
        *,
        input_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        if input_length is not None:
            warnings.warn("Embedding's input_length has no effect: data have the length. Leave it out.", stacklevel=2)
        self.input_dim = as_count(input_dim, f"{type(self).__name__}'s input_dim")
        self.output_dim = as_count(output_dim, f"{type(self).__name__}'s output_dim")
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = bool(mask_zero)
        self._table = None if weights is None else self._as_table(weights)
        super().__init__(**kwargs)

    def _as_table(self, weights: npt.ArrayLike) -> npt.NDArray[Any]:
        single = weights[0] if isinstance(weights, (list, tuple)) and len(weights) == 1 else weights  # Keras's list of weights
        table = as_real(single, "weights")
        if table.shape != (self.input_dim, self.output_dim):
            raise ValueError(f"Embedding expects weights of shape {(self.input_dim, self.output_dim)}, got {table.shape}.")
        return table

    def check_rank(self, shape: Sequence[int | None]) -> None:
        if len(shape) not in self.ranks:
            raise ValueError(f"{self.name} expects indices, (batch, time) or (batch,), got shape {tuple(shape)}.")

    def check_input(self, shape: Shape) -> None:
        self.check_rank(shape)

    def as_input(self, x: Any, what: str) -> npt.NDArray[Any]:
        """Return ``x`` as int64 if it holds indices of rows; raise ValueError if not. Fractions are dropped, with a warning."""
        array = as_real(x, what, INPUT_AXES[:2])
        fits, whole = (array >= 0) & (array < self.input_dim), np.floor(array) == array
        expected = f"{self.name} expects whole numbers from 0 to {self.input_dim - 1}"
        hint = "Number the words from 0: words, x = np.unique(x, return_inverse=True)."
        if not fits.all():
            wrong = array[~fits][0]
            if np.all((array >= 0) & whole & np.isfinite(array)):
                hint = f"Give an input_dim of at least {int(array.max()) + 1}, or other indices."
            raise ValueError(f"{expected}, got {wrong}. {hint}")
        if not whole.all():
            wrong = array[~whole][0]
            warnings.warn(f"{expected}, got {wrong}, which counts as {int(wrong)}, as in Keras. {hint}", stacklevel=3)
        return array.astype(np.int64)

    def gather(self, ops: Ops, x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice) -> Array:
        """Copy samples of indices to the device as int64, steps first: (N,) or (T, N)."""
        return ops.asarray(np.ascontiguousarray(x[rows].T), np.int64)

    def build(self, input_shape: Shape) -> None:
        shape = self.input_dim, self.output_dim
        table = self.embeddings_initializer(shape, self.dtype) if self._table is None else self._table
        self.embeddings = self.add_weight(
            "embeddings", table, regularizer=self.embeddings_regularizer, constraint=self.embeddings_constraint
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        y, tape = ops.embedding_forward(x, self.embeddings, training=training)
        if self.mask_zero:
            computed = ops.not_equal(x, 0)
            mask = computed if mask is None else ops.multiply(computed, mask)
        return Forward(y, mask=mask, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        """Compute the table's gradient; indices have none."""
        return Backward(None, gradients=(ops.embedding_backward(tape, dy),))

    def check_causal(self) -> None:
        """Do nothing: each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
        }
