"""TimeDistributed: a layer, applied to every step of a sequence."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ...inputs import as_real
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape
from ..base.causality import check_samples
from ..base.graph.graph_layer import LayerLike
from ..base.registry import deserialize, serialize

MAX_RANK = 5  #: most axes of an input, batch axis included


class TimeDistributed(Layer):
    """``layer``, which takes (N, ...), applied to every step of (N, T, ...); as ``keras.layers.TimeDistributed``.

    Steps may be rows, sequences or images: ``TimeDistributed(Conv2D(...))`` takes (N, T, H, W, C). All steps are one batch of
    N * T samples. So a ``BatchNormalization`` inside has one mean over all steps (Keras 3 gives it one step at a time), and
    dropout draws anew for each step. A mask ends where the output of a step is no row. An ``activity_regularizer`` of the layer
    inside is left out, with a warning, as in Keras 3; that of ``TimeDistributed`` counts.

    Parameters
    ----------
    layer : Layer
        A layer or a model. One that takes whole numbers, as ``Embedding`` does, takes those of each step: (N, T, C) or (N, T).
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    TypeError
        For anything but a layer.
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        if not isinstance(layer, LayerLike):
            raise TypeError(f"TimeDistributed expects a layer, got {layer!r}. Write TimeDistributed(Dense(3)).")
        if layer.activity_regularizer is not None:
            warnings.warn(
                f"TimeDistributed leaves out {layer.name}'s activity_regularizer, as Keras 3 does. Give it to TimeDistributed.",
                stacklevel=2,
            )
        self.layer = layer
        self.ranks = tuple(rank + 1 for rank in layer.ranks if rank < MAX_RANK)  # type: ignore[misc]  # those of its layer
        layer.regularizes_output = False
        super().__init__(**{"dtype": layer.requested_dtype, **kwargs})

    @property
    def takes_indices(self) -> bool:  # type: ignore[override]  # that of its layer
        """Whether inputs are whole numbers, (N, T, C) or (N, T)."""
        return self.layer.takes_indices

    def as_input(self, x: Any, what: str) -> npt.NDArray[Any]:
        if not self.takes_indices:
            return super().as_input(x, what)
        array = as_real(x, what)
        self.check_rank(array.shape)
        steps = self.layer.as_input(array.reshape(-1, *array.shape[2:]), what)
        return steps.reshape(array.shape)

    def gather(self, ops: Ops, x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice) -> Array:
        if not self.takes_indices:
            return super().gather(ops, x, rows)
        return ops.asarray(np.ascontiguousarray(x[rows].swapaxes(0, 1)), np.int64)

    @property
    def trainable(self) -> bool:
        """Whether an optimizer updates the variables. Setting it also sets it for the inner layer."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        made = hasattr(self, "_trainable")
        self._trainable = bool(value)
        if made or not value:  # a layer that was frozen before it came in stays so
            self.layer.trainable = self._trainable

    def build(self, input_shape: Shape) -> None:
        self.compute_output_shape(input_shape)  # for its sentence, before there are weights
        self.layer.build_for(_step(input_shape), self.dtype)
        self.adopt(self.layer)
        self.supports_masking = len(self.compute_output_shape(input_shape)) == 3  # type: ignore[misc]  # a mask is of rows

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape = self.layer.compute_output_shape(_step(input_shape))
        return (*input_shape[:2], *shape[1:])

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        rows = None if mask is None or len(x.shape) > 3 else ops.merge_steps(mask)  # other samples have masks of their steps
        samples = ops.merge_steps(x)
        if self.takes_indices and len(samples.shape) == 2:  # indices have their own steps first
            samples = ops.dense(ops.permute(samples, (1, 0)))
        result = self.layer.propagate(ops, samples, None, rows, training, rng)
        y = ops.split_steps(result.y, x.shape[0])
        return Forward(
            y, mask=mask if len(y.shape) == 3 else None, tape=result.tape, penalty=result.penalty, losses=result.losses
        )

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        need_dx = need_dx and not self.takes_indices
        dx, _, gradients = self.layer.backpropagate(ops, tape, ops.merge_steps(dy), need_dx=need_dx)
        return Backward(None if dx is None else ops.split_steps(dx, dy.shape[0]), gradients=gradients)

    def check_causal(self) -> None:
        check_samples(self.layer)

    def check_windows(self) -> None:
        """Do nothing: each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        rest = dict(config)
        return cls(deserialize(rest.pop("layer", None)), **rest)


def _step(shape: Shape) -> Shape:
    """Return the shape of the samples of a step."""
    return (None, *shape[2:])
