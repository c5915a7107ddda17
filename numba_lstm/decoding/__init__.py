"""Decoding: sequences of tokens from models that predict the next one."""

from __future__ import annotations

from .beam_search import beam_search
from .decoder import Decoded, Decoder
from .sampling import greedy, sample

__all__ = ["Decoded", "Decoder", "beam_search", "greedy", "sample"]
