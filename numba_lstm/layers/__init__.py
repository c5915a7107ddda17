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
from .windows import (
    AveragePooling1D,
    AveragePooling2D,
    AvgPool1D,
    AvgPool2D,
    Conv1D,
    Conv2D,
    Convolution1D,
    Convolution2D,
    Cropping1D,
    Cropping2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPool1D,
    MaxPool2D,
    MaxPooling1D,
    MaxPooling2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)

__all__ = [
    "LSTM",
    "RNN",
    "Activation",
    "AveragePooling1D",
    "AveragePooling2D",
    "AvgPool1D",
    "AvgPool2D",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "Conv1D",
    "Conv2D",
    "Convolution1D",
    "Convolution2D",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "Discretization",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "IntegerLookup",
    "LSTMCell",
    "Layer",
    "LayerNormalization",
    "Masking",
    "Normalization",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "SpatialDropout1D",
    "StackedRNNCells",
    "StringLookup",
    "TextVectorization",
    "TimeDistributed",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "deserialize",
    "serialize",
]

_CLASSES: tuple[type[Layer], ...] = (
    *(LSTM, RNN, Activation, BatchNormalization, Bidirectional, Dense, Dropout, Embedding, Flatten, GaussianNoise, InputLayer),
    *(LSTMCell, LayerNormalization, Masking, RepeatVector, Reshape, SpatialDropout1D, StackedRNNCells, TimeDistributed),
    *(CategoryEncoding, Discretization, IntegerLookup, Normalization, Rescaling, StringLookup, TextVectorization),
    *(AveragePooling1D, AveragePooling2D, Conv1D, Conv2D, Cropping1D),
    *(Cropping2D, GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D, GlobalMaxPooling2D, MaxPooling1D),
    *(MaxPooling2D, UpSampling1D, UpSampling2D, ZeroPadding1D, ZeroPadding2D),
)
CLASSES.update({cls.__name__: cls for cls in _CLASSES})


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
