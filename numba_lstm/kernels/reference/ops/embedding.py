"""Embedding: rows of a table by index."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class EmbeddingTape(NamedTuple):
    """What :func:`embedding_backward` needs."""

    indices: Array
    rows: int


def embedding_forward(indices: Array, table: Any, *, training: bool = False) -> tuple[Array, EmbeddingTape | None]:
    """NumPy indexing."""
    return table.value[indices], EmbeddingTape(indices, len(table.value)) if training else None


def embedding_backward(tape: EmbeddingTape, dy: Array) -> Array:
    """``add.at`` adds the rows in order, also where an index repeats."""
    gradient = np.zeros((tape.rows, dy.shape[-1]), dy.dtype)
    np.add.at(gradient, tape.indices, dy)
    return gradient
