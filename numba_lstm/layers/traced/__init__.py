"""Base classes of layers that are functions of tensors: of one input, and of several."""

from .computed import ComputedLayer
from .several_inputs import SeveralInputs

__all__ = ["ComputedLayer", "SeveralInputs"]
