"""Preprocessing of sequences and texts, as ``keras.preprocessing``."""

from . import sequence, text

__all__ = ["sequence", "text"]
