"""Validation of what users pass in: arrays, shapes, numbers, sequences and targets.

``array_like`` converts arrays, tensors and data frames to NumPy; ``not_numbers`` says how to convert what holds no numbers;
``arrays``, ``shapes`` and ``scalars`` check the results; ``targets`` checks y and its weights against a model's output;
``sequences`` pads and batches sequences of unequal lengths. Errors say what was expected, what was passed and what to do.
"""

from .arrays import INPUT_AXES, as_numbers, as_real
from .scalars import as_count, as_number, as_whole
from .shapes import AXES, axis_advice, check_shape

__all__ = ["AXES", "INPUT_AXES", "as_count", "as_number", "as_numbers", "as_real", "as_whole", "axis_advice", "check_shape"]
