"""Discretization: numbers as the intervals that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ...inputs import as_count, as_number, as_numbers, as_real
from ...inputs.adaptation import batches_of
from ..base.arguments import Shape
from .category_encoding import refuse_sparse
from .encoding import as_mode, encode, encoded_shape
from .host_layer import HostLayer

Host = npt.NDArray[Any]


class Discretization(HostLayer):
    """Number the interval of each number, 0 below the first boundary; as ``keras.layers.Discretization``.

    Parameters
    ----------
    bin_boundaries : sequence of float, optional
        The boundaries, ascending. A number at a boundary is in the interval above.
    num_bins : int, optional
        Number of intervals, whose boundaries :meth:`adapt` finds. Either these or the boundaries are given.
    epsilon : float
        Share of the data up to which quantiles of :meth:`adapt` may be wrong.
    output_mode : "int", "one_hot", "multi_hot" or "count"
        Numbers of intervals, or rows as those of :class:`CategoryEncoding`.
    sparse : False
        In Keras's place: results are dense arrays.
    dtype, name : str, optional
        Those of :class:`~numba_lstm.layers.Layer`, as further arguments are.
    """

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError("Discretization takes either bin_boundaries or num_bins. Give one of them.")
        refuse_sparse(type(self), sparse)
        self.num_bins = None if num_bins is None else as_count(num_bins, "num_bins")
        self.epsilon = as_number(epsilon, "epsilon", "(0, 1)")
        self.output_mode = as_mode(output_mode, ("int", "one_hot", "multi_hot", "count"))
        self.bin_boundaries = None if bin_boundaries is None else _as_boundaries(bin_boundaries)
        super().__init__(dtype=dtype, name=name, **kwargs)

    @property
    def makes_indices(self) -> bool:
        return self.output_mode == "int"

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Take as boundaries the quantiles of all numbers of ``data``.

        Parameters
        ----------
        data : array, dataset or iterable
            Numbers of any shape, or batches of them: x, ``(x, y)`` or ``(x, y, sample_weight)``.
        steps : int, optional
            Batches to take instead of all.

        Raises
        ------
        TypeError, ValueError
            For a layer with ``bin_boundaries``, and for anything but numbers; nothing is changed then.
        """
        if self.num_bins is None:
            raise ValueError(f"{self.name} has bin_boundaries. Give num_bins instead to adapt it.")
        summary = np.zeros((2, 0), np.float32)
        for batch in batches_of(data, steps):
            summary = _merged(_summary(as_real(batch, "data"), self.epsilon), summary, self.epsilon)
        if not summary.size:
            raise ValueError("data has no batches. Give at least one.")
        self.bin_boundaries = [float(value) for value in _compressed(summary, 1 / self.num_bins)[0, :-1]]

    def _boundaries(self) -> list[float]:
        if self.bin_boundaries is None:
            raise ValueError(f"{self.name} has no boundaries yet. Call adapt(data) first, or give bin_boundaries.")
        return self.bin_boundaries

    def as_host(self, x: Any, what: str) -> Host:
        return as_numbers(x, what)

    def convert(self, x: Host) -> Host:
        boundaries = self._boundaries()
        intervals = np.digitize(x, boundaries).astype(np.int64)
        return intervals if self.makes_indices else encode(intervals, self.output_mode, len(boundaries) + 1, self.dtype)

    def check_causal(self) -> None:
        if not self.makes_indices:
            super().check_causal()

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self.makes_indices:
            return input_shape
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        assert depth is not None
        return encoded_shape(input_shape, self.output_mode, depth)

    def get_config(self) -> dict[str, Any]:
        names = ("bin_boundaries", "num_bins", "epsilon", "output_mode")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer from the arguments of :meth:`get_config`, also of one that was adapted."""
        boundaries = config.get("bin_boundaries")
        if boundaries is None or config.get("num_bins") is None:
            return cls(**config)
        layer = cls(**{key: value for key, value in config.items() if key != "bin_boundaries"})
        layer.bin_boundaries = _as_boundaries(boundaries)
        return layer


def _as_boundaries(boundaries: Any) -> list[float]:
    """Return boundaries as ascending floats."""
    values = as_real(boundaries, "bin_boundaries").astype(np.float64)
    if values.ndim != 1 or not np.isfinite(values).all() or (np.diff(values) < 0).any():
        raise ValueError(f"bin_boundaries must be finite numbers, ascending, got {boundaries!r:.100}. Sort them.")
    return [float(value) for value in values]


# A summary has values in ascending order and the number of data that each stands for: (2, M), float32.


def _summary(data: Host, epsilon: float) -> Host:
    """Return the summary of data: equally spaced ones of all in order, about ``1 / epsilon``."""
    values = np.sort(data.reshape(-1).astype(np.float32))
    step = max(values.size * epsilon, 1)
    chosen = values[int(step - 1) :: int(step)]
    return np.stack([chosen, np.full_like(chosen, step)])


def _merged(a: Host, b: Host, epsilon: float) -> Host:
    """Return the summary of the data of two."""
    joined = np.concatenate([a, b], axis=1)
    return _compressed(joined[:, np.argsort(joined[0])], epsilon)


def _compressed(summary: Host, epsilon: float) -> Host:
    """Return a summary of the values at equal shares of the data, ``epsilon`` apart; a shorter one as it is."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0, 1, epsilon)
    sums = summary[1].cumsum()
    values = np.interp(shares, sums / sums[-1], summary[0])
    return np.stack([values, np.diff(np.interp(shares, sums / sums[-1], sums), prepend=0)]).astype(np.float32)
