"""The LSTM cell: its arguments, its weights, one step of it, and its forward and backward pass over a sequence."""

from .lstm_cell import LSTMCell
from .lstm_core import LSTMCore, lstm_cells
from .stacked_cells import StackedRNNCells

__all__ = ["LSTMCell", "LSTMCore", "StackedRNNCells", "lstm_cells"]
