"""Layers that compute each row or each element by itself, and the input of a model."""

from .activation import Activation
from .dense import Dense
from .einsum_dense import EinsumDense
from .embedding import Embedding
from .identity import ActivityRegularization, Identity
from .input import Input, InputLayer
from .lambda_layer import Lambda
from .masking import Masking

__all__ = [
    "Identity",
    "ActivityRegularization",
    "Activation",
    "Dense",
    "EinsumDense",
    "Embedding",
    "Input",
    "InputLayer",
    "Lambda",
    "Masking",
]
