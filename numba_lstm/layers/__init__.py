"""Layers of models, as ``keras.layers``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
from .base import Layer
from .base.registry import CLASSES, deserialize, serialize
from .cells import LSTMCell, StackedRNNCells
from .core import Activation, Dense, Embedding, Input, InputLayer, Masking
from .normalization import BatchNormalization, LayerNormalization
from .preprocessing import (
    CategoryEncoding,
    Discretization,
    IntegerLookup,
    Normalization,
    Rescaling,
    StringLookup,
    TextVectorization,
)
from .recurrent import LSTM, RNN, Bidirectional, TimeDistributed
from .regularization import Dropout, GaussianNoise, SpatialDropout1D
from .reshaping import Flatten, RepeatVector, Reshape

__all__ = [
    "LSTM",
    "RNN",
    "Activation",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "Dense",
    "Discretization",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "Input",
    "InputLayer",
    "IntegerLookup",
    "LSTMCell",
    "Layer",
    "LayerNormalization",
    "Masking",
    "Normalization",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "SpatialDropout1D",
    "StackedRNNCells",
    "StringLookup",
    "TextVectorization",
    "TimeDistributed",
    "deserialize",
    "serialize",
]

_CLASSES: tuple[type[Layer], ...] = (
    *(LSTM, RNN, Activation, BatchNormalization, Bidirectional, Dense, Dropout, Embedding, Flatten, GaussianNoise, InputLayer),
    *(LSTMCell, LayerNormalization, Masking, RepeatVector, Reshape, SpatialDropout1D, StackedRNNCells, TimeDistributed),
    *(CategoryEncoding, Discretization, IntegerLookup, Normalization, Rescaling, StringLookup, TextVectorization),
)
CLASSES.update({cls.__name__: cls for cls in _CLASSES})


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
