"""Layers, as ``keras.layers``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..naming.absent import absent
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
from .registry import CLASSES, deserialize, serialize
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
CLASSES.update({cls.__name__: cls for cls in _CLASSES})


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
