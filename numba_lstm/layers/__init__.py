"""Layers, as ``keras.layers``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import serialization
from ..absent import absent
from .activation import Activation
from .base import Layer
from .batch_normalization import BatchNormalization
from .bidirectional import Bidirectional
from .dense import Dense
from .dropout import Dropout
from .embedding import Embedding
from .flatten import Flatten
from .gaussian_noise import GaussianNoise
from .input import Input, InputLayer
from .layer_normalization import LayerNormalization
from .lstm import LSTM
from .lstm_cell import LSTMCell, StackedRNNCells
from .masking import Masking
from .repeat_vector import RepeatVector
from .reshape import Reshape
from .rnn import RNN
from .spatial_dropout import SpatialDropout1D
from .time_distributed import TimeDistributed

__all__ = [
    "LSTM",
    "RNN",
    "Activation",
    "BatchNormalization",
    "Bidirectional",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "Input",
    "InputLayer",
    "LSTMCell",
    "Layer",
    "LayerNormalization",
    "Masking",
    "RepeatVector",
    "Reshape",
    "SpatialDropout1D",
    "StackedRNNCells",
    "TimeDistributed",
    "deserialize",
    "serialize",
]

_CLASSES: tuple[type[Layer], ...] = (
    *(LSTM, RNN, Activation, BatchNormalization, Bidirectional, Dense, Dropout, Embedding, Flatten, GaussianNoise, InputLayer),
    *(LSTMCell, LayerNormalization, Masking, RepeatVector, Reshape, SpatialDropout1D, StackedRNNCells, TimeDistributed),
)
_REGISTRY: dict[str, type[Layer]] = {cls.__name__: cls for cls in _CLASSES}


def serialize(layer: Layer) -> dict[str, Any]:
    """A layer as a dict of its class name and config; :func:`deserialize` turns it back."""
    return serialization.serialize(layer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """The layer that :func:`serialize` answered a dict for, without weights.

    Parameters
    ----------
    config : dict
        What :func:`serialize` answered.
    custom_objects : mapping, optional
        Name -> class, for layers that are not of this package and for what they are made of; name -> function, for activations.

    Raises
    ------
    ValueError
        For a class that is neither here nor there.
    """
    with serialization.custom_object_scope(custom_objects or {}):
        return serialization.get(config, _REGISTRY, "layer", Layer)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
