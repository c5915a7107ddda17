"""What is done to data before a model sees them, as ``keras.preprocessing``."""

from . import sequence, text

__all__ = ["sequence", "text"]
