"""Decoding: sequences of tokens from models that predict the next one, and labels from outputs trained with CTC."""

from __future__ import annotations

from .beam_search import beam_search
from .chrf import chrf
from .ctc import ctc_beam_decode, ctc_decode, ctc_greedy_decode
from .decoder import Decoded, Decoder
from .error_rates import ErrorRates, edit_distance, error_rates
from .sampling import greedy, sample

__all__ = [
    "Decoded",
    "Decoder",
    "ErrorRates",
    "beam_search",
    "chrf",
    "ctc_beam_decode",
    "ctc_decode",
    "ctc_greedy_decode",
    "edit_distance",
    "error_rates",
    "greedy",
    "sample",
]
