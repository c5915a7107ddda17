"""AttentionDisplay: attention scores as an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .axes import single_axes

Values = npt.NDArray[Any]


class AttentionDisplay:
    """Scores of one sample, a row for each query, as Bahdanau, Cho & Bengio (2015), figure 3, show them.

    Parameters
    ----------
    scores : array, (Q, K)
        After the softmax: each row has the sum 1.
    queries, keys : sequence of str, optional
        Labels of the rows and columns, such as the words of a translation and of its source.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    """

    def __init__(self, scores: Values, queries: Sequence[str] | None = None, keys: Sequence[str] | None = None) -> None:
        self.scores = scores
        self.queries = None if queries is None else list(queries)
        self.keys = None if keys is None else list(keys)

    @classmethod
    def from_scores(
        cls,
        scores: Any,
        *,
        queries: Sequence[str] | None = None,
        keys: Sequence[str] | None = None,
        head: int | None = None,
        ax: Any = None,
    ) -> Self:
        """Take the scores that an attention layer returns with ``return_attention_scores=True``.

        Parameters
        ----------
        scores : array, (Q, K), (1, Q, K), (heads, Q, K) or (1, heads, Q, K)
            Of one sample.
        queries, keys : sequence of str, optional
            Labels, at most Q and K. Rows and columns without a label, such as those of padding, are left out.
        head : int, optional
            The head of a MultiHeadAttention. The mean of all heads by default.
        ax : Axes, optional
            Draw into it. A new figure by default.

        Raises
        ------
        ValueError
            For scores of several samples, a head that there is not, or more labels than scores.
        """
        array = np.asarray(scores, float)
        if array.ndim == 4 and len(array) == 1:
            array = array[0]
        if array.ndim == 2:
            array = array[None]
        if array.ndim != 3:
            raise ValueError(f"scores has shape {np.shape(scores)}; pass those of one sample: (Q, K), or (heads, Q, K).")
        if head is not None and not 0 <= head < len(array):
            raise ValueError(f"head is {head}, but the scores have {len(array)} heads: 0 to {len(array) - 1}.")
        matrix: Values = array.mean(axis=0) if head is None else array[head]
        for name, labels, size in (("queries", queries, matrix.shape[0]), ("keys", keys, matrix.shape[1])):
            if labels is not None and len(labels) > size:
                raise ValueError(f"{name} has {len(labels)} labels, but the scores have {size}. Pass at most {size}.")
        matrix = matrix[: None if queries is None else len(queries), : None if keys is None else len(keys)]
        return cls(matrix, queries, keys).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the image, dark for 0 and bright for 1, into ``ax`` or a new figure."""
        Q, K = self.scores.shape
        axes = single_axes(ax, (2.0 + 0.3 * min(K, 40), 1.5 + 0.3 * min(Q, 40)))
        image = axes.imshow(self.scores, cmap="viridis", vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest")
        if self.keys is not None:
            axes.set_xticks(range(K), self.keys, rotation=90 if max(map(len, self.keys), default=0) > 1 else 0)
        if self.queries is not None:
            axes.set_yticks(range(Q), self.queries)
        axes.set(xlabel="key", ylabel="query")
        axes.figure.colorbar(image, ax=axes, label="attention")
        self.ax_, self.figure_ = axes, axes.figure
        return self
