"""Convolutional LSTM layers: recurrent layers whose steps are sequences or images."""

from .layers import ConvLSTM1D, ConvLSTM2D

__all__ = ["ConvLSTM1D", "ConvLSTM2D"]
