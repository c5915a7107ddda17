"""LSTMCell: an LSTM called step by step, or by :class:`~numba_lstm.layers.RNN` over time."""

from __future__ import annotations

from .cell import StepCell
from .lstm_core import LSTMCore


class LSTMCell(StepCell, LSTMCore):
    """One step of an :class:`~numba_lstm.layers.LSTM`, as ``keras.layers.LSTMCell``.

    Its arguments are those of ``LSTM``, in Keras's order, without the ones of a sequence. In training each call draws masks of
    its own.
    """
