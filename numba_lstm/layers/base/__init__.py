"""The base class of layers, with their weights, their arguments, and the registry of their classes."""

from .layer import Layer
from .results import Backward, Forward, to_samples

__all__ = ["Backward", "Forward", "Layer", "to_samples"]
