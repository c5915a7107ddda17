"""Layers over the steps of a sequence: cells over time, in one direction or both, and a layer at every step."""

from .bidirectional import Bidirectional
from .lstm import LSTM
from .recurrent import Recurrent
from .rnn import RNN
from .time_distributed import TimeDistributed

__all__ = ["LSTM", "RNN", "Bidirectional", "Recurrent", "TimeDistributed"]
