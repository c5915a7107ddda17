"""Base classes of layers that are functions of tensors: of one input, and of several; the layer of an operator."""

from .computed import ComputedLayer
from .operation import Operation
from .several_inputs import SeveralInputs

__all__ = ["ComputedLayer", "Operation", "SeveralInputs"]
