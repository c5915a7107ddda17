"""Layers over the steps of a sequence: cells over time, in one direction or both, and a layer at every step."""

from .bidirectional import Bidirectional
from .gru import GRU
from .lstm import LSTM
from .recurrent import Recurrent
from .rnn import RNN
from .simple_rnn import SimpleRNN
from .time_distributed import TimeDistributed

__all__ = ["GRU", "LSTM", "RNN", "Bidirectional", "Recurrent", "SimpleRNN", "TimeDistributed"]
