"""SeveralInputs: the base class of layers that take a tuple of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import ops as ops_
from ... import philox
from ...device import get_ops
from ...inputs import INPUT_AXES, as_real
from ...kernels.contract import Array, Ops
from ..base import to_samples
from ..base.arguments import Shape
from ..base.graph.call_masks import check_mask_shapes
from ..base.graph.symbolic import MaskKey, is_symbolic
from .computed import ComputedLayer

Shapes = tuple[Shape, ...]


class SeveralInputs(ComputedLayer):
    """Base class of layers of several inputs, which they take as a list.

    :meth:`forward` takes a tuple of device arrays and a tuple of masks, each a mask or None, and :meth:`backward` returns a
    tuple of gradients. Shapes are tuples of shapes.
    """

    takes_several = True
    at_least: int = 2  #: inputs
    at_most: int | None = None  #: None for any number
    least_rank: int = 2  #: the fewest axes of an input

    def check_one_array(self) -> None:
        raise ValueError(f"{self.name} takes several inputs, and a Sequential passes on one. Call it on a list: layer([a, b]).")

    def check_shapes(self, shapes: Shapes) -> None:
        """Raise ValueError for shapes that do not fit each other."""

    def check_input(self, shape: Any) -> None:
        """Raise ValueError unless inputs of these shapes fit the layer."""
        shapes = self._checked(shape)
        for k, (one, built) in enumerate(zip(shapes, self.built_shape or (), strict=False)):
            if self.variables and isinstance(built, tuple) and one[-1] != built[-1]:
                raise ValueError(f"{self.name} expects {built[-1]} features in input {k}, got shape {one}. Make a new one.")

    def check_rank(self, shape: Any) -> None:
        """Raise ValueError unless the inputs are as many as the layer takes, of fitting shapes."""
        self._checked(shape)

    def _checked(self, shapes: Any) -> Shapes:
        most = "" if self.at_most == self.at_least else " or more" if self.at_most is None else f" to {self.at_most}"
        count = len(shapes) if isinstance(shapes, (tuple, list)) and all(isinstance(s, (tuple, list)) for s in shapes) else 1
        if count < self.at_least or count > (self.at_most or count) or count != len(shapes):
            raise ValueError(f"{self.name} expects a list of {self.at_least}{most} inputs, got {count}: layer([a, b]).")
        found = tuple(tuple(shape) for shape in shapes)
        if any(len(shape) < self.least_rank for shape in found):
            raise ValueError(f"{self.name} expects inputs of (batch, ...), got shapes {list(found)}. Add an axis: x[:, None].")
        batches = {shape[0] for shape in found} - {None}
        if len(batches) > 1:
            raise ValueError(f"{self.name} expects inputs of one batch size, got shapes {list(found)}.")
        self.check_shapes(found)
        return found

    def build_for(self, input_shape: Any, dtype: str | None = None) -> None:
        """Build the layer for a tuple of shapes unless it is built."""
        if not self.built:
            self.check_rank(input_shape)
            requested = self._dtype
            self._dtype = requested or dtype or self.dtype
            try:
                self.build(input_shape)
            except BaseException:
                self._dtype = requested
                self._clear()
                raise
            self.built_shape = tuple(tuple(shape) for shape in input_shape)  # type: ignore[misc]

    def compute_mask_of(self, inputs: Any, masks: Any) -> Any:
        """Return the mask that goes on: where any of the masks is True, none if an input has none."""
        if any(mask is None for mask in masks):
            return None
        joined = masks[0]
        for mask in masks[1:]:
            joined = ops_.logical_or(joined, mask)
        return joined

    def __call__(self, x: Any, training: bool | None = None, *, mask: Any = None) -> Any:
        """Compute the output for a list of inputs (N, ...) on the default device, as a NumPy array.

        ``mask`` is a list with a mask (N, T) or None for each input. For symbolic tensors the output is one, too.
        """
        return self.call_with(x, training, mask, {})

    def call_with(self, x: Any, training: bool | None, mask: Any, arguments: Mapping[str, Any]) -> Any:
        """Compute the outputs for a list of inputs and further arguments of the call, symbolic for symbolic tensors."""
        if is_symbolic(x, mask, *(arguments.get(name) for name in self.mask_arguments)):
            outputs = self.connect(x, (), training, mask, **arguments)
            return tuple(outputs) if isinstance(outputs, list) else outputs
        ops, arrays = get_ops(), self._arrays(x)
        shapes = tuple(array.shape for array in arrays)
        self.check_rank(shapes)
        given = mask if isinstance(mask, Mapping) else dict(enumerate(mask or ()))
        if extra := given.keys() - range(len(arrays)):
            raise ValueError(
                f"{self.name} has {len(arrays)} inputs, got {max(extra) + 1} masks. Give one or None for each input."
            )
        masks = tuple(self._one_mask(ops, given.get(k), k, shapes) for k in range(len(arrays)))
        others = {name: self._one_mask(ops, arguments.get(name), name, shapes) for name in self.mask_arguments}
        others |= {name: value for name, value in arguments.items() if name not in others}
        self.build_for(tuple((None, *shape[1:]) for shape in shapes))
        self.check_input(shapes)
        values = tuple(placed(ops, array, self.dtype) for array in arrays)
        rng = philox.next_key() if training else None
        y = self.propagate(ops, values, None, masks, bool(training), rng, **others).y
        return tuple(to_samples_of(ops, one) for one in y) if isinstance(y, tuple) else to_samples_of(ops, y)

    def _arrays(self, x: Any) -> list[npt.NDArray[Any]]:
        if not isinstance(x, (list, tuple)):
            raise TypeError(f"{self.name} takes a list of inputs, got {type(x).__name__}. Write layer([a, b]).")
        return [as_real(one, f"{self.name}'s input {k}", INPUT_AXES) for k, one in enumerate(x)]

    def _one_mask(self, ops: Ops, mask: npt.ArrayLike | None, key: MaskKey, shapes: Shapes) -> Array | None:
        """Return a user's mask of an input, or of the argument ``key``, on the device, steps first."""
        if mask is None:
            return None
        steps = as_real(mask, f"{self.name}'s {key if isinstance(key, str) else 'mask'}", INPUT_AXES)
        check_mask_shapes(self, shapes, {key: steps.shape})
        return ops.asarray(np.ascontiguousarray(steps.swapaxes(0, 1) != 0), np.bool_)


def placed(ops: Ops, x: npt.NDArray[Any], dtype: str) -> Array:
    """Return an array (N, ...) on the device, its first two axes swapped if it has three or more."""
    return ops.asarray(np.ascontiguousarray(x.swapaxes(0, 1) if x.ndim >= 3 else x, dtype), dtype)


def to_samples_of(ops: Ops, y: Array) -> npt.NDArray[Any]:
    """Return a device's output as a new NumPy array, batch axis first."""
    if len(y.shape) <= 3:
        return to_samples(ops, y)
    return np.array(ops.to_host(y).swapaxes(0, 1), order="C", copy=True)
