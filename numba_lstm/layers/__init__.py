"""Layers, as ``keras.layers``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import serialization
from .activation import Activation
from .base import Layer
from .dense import Dense
from .dropout import Dropout
from .input import Input, InputLayer
from .lstm import LSTM

__all__ = ["LSTM", "Activation", "Dense", "Dropout", "Input", "InputLayer", "Layer", "deserialize", "serialize"]

_REGISTRY: dict[str, type[Layer]] = {cls.__name__: cls for cls in (LSTM, Activation, Dense, Dropout, InputLayer)}

serialize = serialization.serialize


def deserialize(config: Any, custom_objects: Mapping[str, type[Layer]] | None = None) -> Layer:
    """The layer that :func:`serialize` answered a dict for, without weights.

    Parameters
    ----------
    config : dict
        What :func:`serialize` answered.
    custom_objects : mapping, optional
        Class name -> class, for layers that are not of this package.

    Raises
    ------
    ValueError
        For a class that is neither here nor there.
    """
    return serialization.get(config, {**_REGISTRY, **(custom_objects or {})}, "layer", Layer)
