"""FunctionInitializer: custom functions as initializers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from ..naming.names import name_of
from .base import Initializer


class FunctionInitializer(Initializer):
    """Initializer that calls ``function(shape, dtype=dtype)``, as Keras does.

    Parameters
    ----------
    function : callable
        Returns an array of ``shape``.

    Raises
    ------
    TypeError
        For a function of other arguments.
    """

    #: Error when a model with this initializer is saved.
    unsaved = (
        "its initializer {name!r} is a function of your own, which no file holds. Write a class: class Mine("
        "numba_lstm.initializers.Initializer) with __call__(self, shape, dtype=None), here and in custom_objects= where the "
        "model is loaded. Or keep the weights alone: model.save_weights(path)."
    )

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.name = function, name_of(function)
        try:
            inspect.signature(function).bind((1,), dtype="float32")
        except TypeError as error:
            raise TypeError(
                f"the initializer {self.name!r} is called as {self.name}(shape, dtype=dtype), but {error}. "
                "Write it as lambda shape, dtype=None: ..."
            ) from None
        except ValueError:  # a function in C without a signature
            pass

    def _compute(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Any:
        return self.function(shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"function": self.function}
