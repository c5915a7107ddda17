"""Base classes of layers that are functions of tensors: of one input, and of several; those of an operator and of a user."""

from .call_layer import CallLayer
from .computed import ComputedLayer
from .one_or_several import OneOrSeveral
from .operation import Operation
from .several_inputs import SeveralInputs

__all__ = ["CallLayer", "ComputedLayer", "OneOrSeveral", "Operation", "SeveralInputs"]
