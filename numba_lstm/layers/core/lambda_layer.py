"""Lambda: a layer of a user's function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...naming.names import name_of
from ...objects import serialization
from ...ops.tensor import Tensor, UntraceableError, as_tensor
from ...ops.tracing import input_like, traced
from ..base.arguments import Shape
from ..traced import OneOrSeveral

#: Sizes in place of unknown ones, for two trial runs: what differs between them is unknown in the output.
_TRIALS = (11, 13)


class Lambda(OneOrSeveral):
    """A function as a layer, as ``keras.layers.Lambda``.

    The function is traced: it takes a tensor, batch axis first, and uses operators and :mod:`numba_lstm.ops`. It is compiled
    with its gradient. A file has its name, and ``custom_objects`` gives the function back; a lambda has no name.

    Parameters
    ----------
    function : callable
        ``function(x)``, where x is a list if the layer is called on a list of inputs. Arguments named ``mask`` and ``training``
        get those of the call.
    output_shape : tuple or callable, optional
        Shape of a sample, or a function of the shape of the input, or of a list of those of several. Default: that of a trial
        run.
    mask : callable or array, optional
        ``mask(x, mask)`` returns the mask that goes on, or the mask itself; for several inputs it takes two lists. Default: a
        mask ends here.
    arguments : dict, optional
        Further arguments of the function by name.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    TypeError
        For anything but a function, and in a call for a function that cannot be traced; the message names its line.
    """

    may_draw = True
    supports_masking = False
    takes_any_number = takes_mask = True
    ranks = (2, 3, 4, 5)

    def __init__(
        self,
        function: Any,
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.function = serialization.custom_function(function, "the layer")
        if not callable(self.function):
            raise TypeError(f"Lambda takes a function of a tensor, got {function!r}. Write Lambda(lambda x: ops.exp(x)).")
        self._output_shape = serialization.custom_function(output_shape, "its output_shape")
        self.mask = serialization.custom_function(mask, "its mask")
        self.arguments = dict(arguments or {})
        super().__init__(**kwargs)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        known, given = _parameters(self.function), dict(self.arguments)
        x, mask = (list(inputs), list(masks)) if self.takes_several else (inputs[0], masks[0])
        given |= {name: value for name, value in (("mask", mask), ("training", training)) if name in known}
        y = as_tensor(traced(self.function, [x], f"the function of {self.name}", **given))
        if not y.ndim or y.shape[0] != inputs[0].shape[0]:
            raise ValueError(
                f"{self.name} must return an array with the batch axis first, {name_of(self.function)} has {y.shape}."
            )
        return y

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> Tensor | None:
        if self.mask is None:
            return None
        given = [list(inputs), list(masks)] if self.takes_several else [inputs[0], masks[0]]
        made = traced(self.mask, given, f"the mask of {self.name}") if callable(self.mask) else self.mask
        return None if made is None else as_tensor(made)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        if callable(self._output_shape):
            return tuple(self._output_shape(list(map(tuple, input_shape)) if self.takes_several else input_shape))
        shapes = input_shape if self.takes_several else [input_shape]
        if self._output_shape is not None:
            return (shapes[0][0], *self._output_shape)
        try:
            one, other = (self._trial(shapes, size) for size in _TRIALS)
        except UntraceableError as error:
            raise ValueError(f"the output shape of {self.name} is not known: {error} Give output_shape.") from None
        sizes = [a if a == b else None for a, b in zip(one, other, strict=True)]
        return (shapes[0][0], *sizes[1:])

    def _trial(self, shapes: Sequence[Shape], size: int) -> Shape:
        inputs = tuple(input_like((size, *(size if n is None else n for n in shape[1:]))) for shape in shapes)
        return self.compute(inputs, (None,) * len(inputs), (), False).shape

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {"function": self.function, "arguments": self.arguments}
        if self._output_shape is not None:
            config["output_shape"] = self._output_shape if callable(self._output_shape) else list(self._output_shape)
        if self.mask is not None:
            config["mask"] = np.asarray(self.mask).tolist() if not callable(self.mask) else self.mask
        return {**super().get_config(), **config}


def _parameters(function: Callable[..., Any]) -> set[str]:
    """Return the names of a function's parameters."""
    try:
        return set(inspect.signature(function).parameters)
    except ValueError:  # a function in C without a signature
        return set()
