"""Layers that change the shape of samples and no element."""

from .flatten import Flatten
from .repeat_vector import RepeatVector
from .reshape import Reshape

__all__ = ["Flatten", "RepeatVector", "Reshape"]
