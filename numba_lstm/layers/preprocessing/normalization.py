"""Normalization: features with mean 0 and variance 1, by statistics of data or given ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...inputs import INPUT_AXES, as_real
from ...inputs.adaptation import batches_of
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...variables import Variable
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape
from .affine import DerivedWeight, input_gradient, normalized

#: Added to a variance, so that its root is at least 1e-7, as in Keras.
EPSILON = 1e-14

Host = npt.NDArray[Any]


class Normalization(Layer):
    """Compute ``(x - mean) / sqrt(variance)`` on the device; as ``keras.layers.Normalization``.

    The statistics are weights that :meth:`adapt` computes from data, or arguments.

    Parameters
    ----------
    axis : int, tuple of int or None
        Axes whose positions have statistics of their own, batch axis counted: -1 is each feature. None: one mean and variance.
    mean, variance : float or array, optional
        The statistics, both or neither, of the shape of the axes.
    invert : bool
        Compute ``x * sqrt(variance) + mean`` instead.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    TypeError, ValueError
        For the batch axis, for one of ``mean`` and ``variance``, and for shapes that do not fit.

    Examples
    --------
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[0.0, 10.0], [2.0, 30.0]]))
    >>> layer(np.array([[1.0, 40.0]]))
    array([[0., 2.]], dtype=float32)
    """

    streaming_obstacle = "it has statistics for each step"

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: float | npt.ArrayLike | None = None,
        variance: float | npt.ArrayLike | None = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(int(place) for place in axis)
        if (mean is None) != (variance is None):
            raise ValueError(f"mean and variance belong to each other, got {mean!r:.60} and {variance!r:.60}. Give both.")
        self.input_mean, self.input_variance = _as_list(mean, "mean"), _as_list(variance, "variance")
        if np.shape(self.input_mean) != np.shape(self.input_variance):
            raise ValueError(f"mean and variance must have one shape, got {mean!r:.60} and {variance!r:.60}.")
        if self.input_variance is not None and np.min(self.input_variance) < 0:
            raise ValueError(f"variances must be at least 0, got {np.min(self.input_variance)}.")
        self.invert = bool(invert)
        super().__init__(**kwargs)

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        if any(not -rank <= place < rank or place % rank == 0 for place in self.axis):
            raise ValueError(f"{self.name}'s axis must be among 1 to {rank - 1} of {input_shape}, got {self.axis}.")
        axes = sorted({place % rank for place in self.axis})
        sizes = tuple(input_shape[place] for place in axes)
        if None in sizes:
            raise ValueError(f"{self.name} needs the size of each axis {tuple(axes)}, got {input_shape}. Give it in Input.")
        sample = input_shape[1:] if axes and axes[0] < rank - 1 else input_shape[-1:]
        if None in sample:
            raise ValueError(f"{self.name} with axis {tuple(axes)} needs the shape of samples, got {input_shape}.")
        shape = tuple(size if size is not None else 0 for size in sizes)
        spread = tuple(input_shape[place] if place in axes else 1 for place in range(rank - len(sample), rank))
        self._flat = tuple(size for size in sample if size is not None)
        if self.input_mean is None:
            self.adapt_mean = self.add_weight("mean", np.zeros(shape), trainable=False)
            self.adapt_variance = self.add_weight("variance", np.ones(shape), trainable=False)
            count = Variable(np.zeros((), np.int64), f"{self.name}/count", trainable=False)  # Keras's files have it
            self.variables.append(count)
        else:
            mean, variance = (np.broadcast_to(given, shape) for given in (self.input_mean, self.input_variance))
            self.adapt_mean = Variable(np.array(mean, self.dtype), "mean", trainable=False)
            self.adapt_variance = Variable(np.array(variance, self.dtype), "variance", trainable=False)
        self._weights = self._statistics(tuple(size or 1 for size in spread))

    def _statistics(self, spread: tuple[int, ...]) -> tuple[DerivedWeight, DerivedWeight]:
        """Return the weights of the op: the statistics, or for ``invert`` those whose normalization is the inverse."""
        flat = self._flat

        def whole(array: Host) -> Host:
            return np.broadcast_to(array.reshape(spread), flat).reshape(-1)

        if not self.invert:
            mean = DerivedWeight(self.adapt_mean, whole, "whole")
            return mean, DerivedWeight(self.adapt_variance, whole, "whole")

        def shifted(array: Host) -> Host:
            return whole(-array / np.maximum(np.sqrt(self.adapt_variance.value), math.sqrt(EPSILON)))

        inverse = DerivedWeight(self.adapt_variance, lambda array: whole(1 / np.maximum(array, EPSILON)), "inverse")
        return _Shifted(self.adapt_mean, self.adapt_variance, shifted), inverse

    @property
    def mean(self) -> Host:
        """The mean, with the axes of an input; zeros before :meth:`adapt`."""
        return self._with_axes(self.adapt_mean)

    @property
    def variance(self) -> Host:
        """The variance, with the axes of an input; ones before :meth:`adapt`."""
        return self._with_axes(self.adapt_variance)

    def _with_axes(self, statistic: Variable) -> Host:
        self._require_built()
        assert self.built_shape is not None
        rank = len(self.built_shape)
        places = {place % rank for place in self.axis}
        return statistic.numpy().reshape([(self.built_shape[place] or 1) if place in places else 1 for place in range(rank)])

    def adapt(self, data: Any) -> None:
        """Compute the statistics of ``data``, which replace those before.

        Parameters
        ----------
        data : array, dataset or iterable
            An array (N, D) or (N, T, D), or batches of such arrays: x, ``(x, y)`` or ``(x, y, sample_weight)``. An array (N,)
            has one feature.

        Raises
        ------
        TypeError, ValueError
            For a layer with ``mean`` and ``variance``, and for data that do not fit it; nothing is changed then.
        """
        if self.input_mean is not None:
            raise ValueError(f"{self.name} has its mean and variance as arguments. Leave these out to adapt it.")
        count, mean, variance, shape = 0, np.zeros(()), np.zeros(()), None
        for batch in batches_of(data):
            x = as_real(batch, "data", INPUT_AXES)
            x = x[:, None] if x.ndim == 1 else x
            if shape is not None and len(x.shape) != len(shape):
                raise ValueError(f"data has batches of shapes {shape} and {x.shape}. Give all as many axes.")
            shape, others = x.shape, tuple(place for place in range(x.ndim) if place not in {a % x.ndim for a in self.axis})
            size = math.prod(x.shape[place] for place in others)
            batch_mean = x.mean(others, dtype=np.float64)
            delta, share = batch_mean - mean, size / (count + size)
            variance = variance * (1 - share) + x.var(others, dtype=np.float64) * share + delta**2 * share * (1 - share)
            mean, count = mean + delta * share, count + size
        if shape is None:
            raise ValueError("data has no batches. Give at least one.")
        self.build_for((None, *shape[1:]))
        self.check_input(shape)
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if self.built_shape is None:
            return
        expected = self.built_shape[-len(self._flat) :]
        if len(shape) != len(self.built_shape) or tuple(shape[-len(expected) :]) != expected:
            raise ValueError(f"{self.name} is built for {self.built_shape}, got shape {tuple(shape)}. Make a new layer.")

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        mean, variance = self._weights
        if len(self._flat) == 1:
            return normalized(ops, x, mean, variance, EPSILON, mask=mask, training=training)
        rows = ops.reshape(x, (math.prod(self._flat),))
        result = normalized(ops, rows, mean, variance, EPSILON, mask=mask, training=training)
        return result._replace(y=ops.reshape(result.y, self._flat))

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        """Compute the gradient of x; the statistics have none."""
        rows = len(self._flat) == 1
        dx = input_gradient(ops, tape, dy if rows else ops.reshape(dy, (math.prod(self._flat),)), need_dx).dx
        gradients = (None,) * len(self.variables)
        return Backward(dx if rows or dx is None else ops.reshape(dx, self._flat), gradients=gradients)

    def check_causal(self) -> None:
        if len(self._flat) > 1:
            super().check_causal()

    def get_config(self) -> dict[str, Any]:
        given = {"mean": self.input_mean, "variance": self.input_variance, "invert": self.invert}
        return {**super().get_config(), "axis": list(self.axis) or None, **given}


class _Shifted(DerivedWeight):
    """The mean of an inverse normalization, a function of two variables."""

    def __init__(self, mean: Variable, variance: Variable, function: Callable[[Host], Host]) -> None:
        super().__init__(mean, function, "shifted")
        self._variance = variance

    def prepared(self, form: str, make: Callable[[Host], Any]) -> Any:
        return super().prepared(f"{form} for version {self._variance.version}", make)


def _as_list(value: Any, name: str) -> Any:
    """Return a number or an array as JSON values, None for None."""
    return None if value is None else as_real(value, name).astype(np.float64).tolist()
