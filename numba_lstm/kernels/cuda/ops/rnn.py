"""CUDA: the GRU and the simple RNN have no kernels yet."""

from __future__ import annotations

from typing import Any, NoReturn

from ...contract import RNNNoise, RNNWeights
from ...specs import RNNSpec

_MISSING = 'the GRU and the simple RNN have no kernels for this device yet. Take device="reference".'


def rnn_forward(
    x: Any,
    weights: RNNWeights,
    h0: Any,
    spec: RNNSpec,
    *,
    mask: Any = None,
    noise: RNNNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> NoReturn:
    """CUDA: not yet."""
    raise NotImplementedError(_MISSING)


def rnn_backward(tape: Any, dy: Any, dh: Any, *, need_dx: bool) -> NoReturn:
    """CUDA: not yet."""
    raise NotImplementedError(_MISSING)


def rnn_path(N: int, T: int, D: int, H: int, dtype: Any, spec: RNNSpec, *, training: bool) -> NoReturn:
    """CUDA: not yet."""
    raise NotImplementedError(_MISSING)
