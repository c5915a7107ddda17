"""Layers that prepare inputs: numbers on the device of the model, words and categories on the host before it."""

from .category_encoding import CategoryEncoding
from .discretization import Discretization
from .lookups import IntegerLookup, StringLookup
from .normalization import Normalization
from .rescaling import Rescaling
from .text_vectorization import TextVectorization

__all__ = [
    "CategoryEncoding",
    "Discretization",
    "IntegerLookup",
    "Normalization",
    "Rescaling",
    "StringLookup",
    "TextVectorization",
]
