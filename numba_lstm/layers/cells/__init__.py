"""Recurrent cells: their arguments and weights, one step of them, and their forward and backward pass over a sequence."""

from .cell import Cell, StepCell
from .lstm_cell import LSTMCell
from .lstm_core import LSTMCore
from .quantized import quantizable_cells
from .rnn_cells import GRUCell, SimpleRNNCell
from .rnn_core import RNNCore
from .stacked_cells import StackedRNNCells

__all__ = [
    "Cell",
    "GRUCell",
    "LSTMCell",
    "LSTMCore",
    "RNNCore",
    "SimpleRNNCell",
    "StackedRNNCells",
    "StepCell",
    "quantizable_cells",
]
