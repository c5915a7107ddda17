"""CategoryEncoding: rows for categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...inputs import as_count, as_real
from ..base.arguments import Shape
from .encoding import as_mode, encode, encoded_shape
from .host_layer import HostLayer

Host = npt.NDArray[Any]


class CategoryEncoding(HostLayer):
    """Encode categories, whole numbers from 0 to ``num_tokens - 1``, as rows; as ``keras.layers.CategoryEncoding``.

    Parameters
    ----------
    num_tokens : int
        Number of categories.
    output_mode : "multi_hot", "one_hot" or "count"
        One row for each sample, 1 where a category occurs; one row for each category; or the number of times it occurs.
    sparse : False
        In Keras's place: results are dense arrays.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    TypeError, ValueError
        Without ``num_tokens``, and in a call for anything but categories.
    """

    makes_indices = False

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        if num_tokens is None:
            raise ValueError("CategoryEncoding needs num_tokens, the number of categories. IntegerLookup finds it by adapt.")
        refuse_sparse(type(self), sparse)
        self.num_tokens = as_count(num_tokens, "num_tokens")
        self.output_mode = as_mode(output_mode, ("multi_hot", "one_hot", "count"))
        super().__init__(**kwargs)

    def as_host(self, x: Any, what: str) -> Host:
        array = as_real(x, what)
        wrong = (array < 0) | (array >= self.num_tokens) | (np.floor(array) != array)
        if wrong.any():
            limit = self.num_tokens - 1
            raise ValueError(f"{self.name} expects whole numbers from 0 to {limit}, got {array[wrong].flat[0]}.")
        return array.astype(np.int64)

    def convert(self, x: Host) -> Host:
        return encode(x, self.output_mode, self.num_tokens, self.dtype)

    def __call__(
        self,
        x: Any,
        training: bool | None = None,
        *,
        mask: npt.ArrayLike | None = None,
        count_weights: npt.ArrayLike | None = None,
    ) -> Any:
        """Return the rows for ``x``; with output mode "count", each category counts ``count_weights``, of the shape of x."""
        if count_weights is None:
            return super().__call__(x, training, mask=mask)
        if self.output_mode != "count":
            raise ValueError(f"{self.name} takes count_weights with output_mode='count', not {self.output_mode!r}.")
        weights, array = as_real(count_weights, "count_weights"), self.as_host(x, f"{self.name}'s input")
        if weights.shape != array.shape:
            raise ValueError(f"count_weights must have the shape of x, {array.shape}, got {weights.shape}.")
        return encode(array, "count", self.num_tokens, self.dtype, weights)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}


def refuse_sparse(cls: type, sparse: Any) -> None:
    """Raise TypeError for ``sparse=True``."""
    if sparse:
        raise TypeError(f"{cls.__name__} makes dense arrays, got sparse={sparse!r}. Leave it out.")
