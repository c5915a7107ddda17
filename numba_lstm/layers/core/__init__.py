"""Layers that compute each row or each element by itself, and the input of a model."""

from .activation import Activation
from .dense import Dense
from .embedding import Embedding
from .input import Input, InputLayer
from .lambda_layer import Lambda
from .masking import Masking

__all__ = ["Activation", "Dense", "Embedding", "Input", "InputLayer", "Lambda", "Masking"]
