"""Layers that merge several inputs into one, and their functions."""

from .concatenation import Concatenate
from .dot_product import Dot
from .elementwise import Add, Average, Maximum, Minimum, Multiply, Subtract
from .functions import add, average, concatenate, dot, maximum, minimum, multiply, subtract

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Dot",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]
