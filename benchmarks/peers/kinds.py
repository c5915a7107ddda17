"""The models that are compared: sizes of their weights in the order of Keras, of their inputs and outputs, and their work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .shape import Shape

Sizes = Sequence[tuple[int, ...]]

LSTM, GRU, SIMPLE_RNN = "lstm", "gru", "simple_rnn"
CONVOLUTIONS, AUTOENCODER = "convolutions", "autoencoder"
ENCODER_DECODER, ATTENTION, DECODER = "encoder_decoder", "attention", "decoder"

#: Gates of a cell, and rows of its bias; the GRU resets after the product, as cuDNN's and PyTorch's.
GATES = {LSTM: 4, GRU: 3, SIMPLE_RNN: 1}
#: Steps of a convolution's window.
WINDOW = 5
#: Tokens that the decoder of a beam search knows, and its beams.
TOKENS, WIDTH = 60, 8


@dataclass(frozen=True)
class Kind:
    """A model with one output."""

    weights: Callable[[Shape], Sizes]
    output: Callable[[Shape], tuple[int, ...]]
    forward_flops: Callable[[Shape], int]
    training_flops: Callable[[Shape], int]
    tokens: bool = False  #: whether it has two inputs of one-hot rows, and tokens are the targets of a cross-entropy


def cell(gates: int, D: int, H: int) -> Sizes:
    """Sizes of the weights of a recurrent layer."""
    return (D, gates * H), (H, gates * H), ((2, gates * H) if gates == GATES[GRU] else (gates * H,))


def dense(D: int, H: int) -> Sizes:
    """Sizes of the weights of a dense layer."""
    return (D, H), (H,)


def _recurrent(gates: int) -> Kind:
    def forward(s: Shape) -> int:
        return _cell_flops(s, gates, s.D, s.H)

    return Kind(
        lambda s: (*cell(gates, s.D, s.H), *dense(s.H, 1)),
        lambda s: (s.N, 1),
        forward,
        lambda s: 2 * forward(s) + _cell_flops(s, gates, 0, s.H),
    )


def _cell_flops(s: Shape, gates: int, D: int, H: int) -> int:
    return 2 * s.N * s.T * gates * H * (D + H)


def _convolution_flops(s: Shape, layer: int) -> int:
    return 2 * s.N * (s.T - layer * (WINDOW - 1)) * WINDOW * (s.D if layer == 1 else s.H) * s.H


def _autoencoder_flops(s: Shape) -> int:
    """Three LSTMs of H inputs and one of D, and the dense layer of D outputs."""
    return 3 * _cell_flops(s, 4, s.H, s.H) + _cell_flops(s, 4, s.D, s.H) + 2 * s.N * s.T * s.H * s.D


def _translation_flops(s: Shape, attention: bool) -> int:
    """Two LSTMs, the products of scores and of contexts, and the dense layer."""
    products = 4 * s.N * s.T * s.T * s.H if attention else 0
    return 2 * _cell_flops(s, 4, s.D, s.H) + products + 2 * s.N * s.T * (2 if attention else 1) * s.H * s.D


def _translation(attention: bool) -> Kind:
    return Kind(
        lambda s: (*cell(4, s.D, s.H), *cell(4, s.D, s.H), *dense(2 * s.H if attention else s.H, s.D)),
        lambda s: (s.N, s.T),
        lambda s: _translation_flops(s, attention),
        lambda s: 3 * _translation_flops(s, attention) - 4 * s.N * s.T * 4 * s.H * s.D,
        tokens=True,
    )


KINDS = {
    **{name: _recurrent(gates) for name, gates in GATES.items()},
    CONVOLUTIONS: Kind(
        lambda s: ((WINDOW, s.D, s.H), (s.H,), (WINDOW, s.H, s.H), (s.H,)),
        lambda s: (s.N, s.T - 2 * (WINDOW - 1), s.H),
        lambda s: _convolution_flops(s, 1) + _convolution_flops(s, 2),
        lambda s: 2 * _convolution_flops(s, 1) + 3 * _convolution_flops(s, 2),
    ),
    AUTOENCODER: Kind(
        lambda s: (*cell(4, s.D, s.H), *(3 * tuple(cell(4, s.H, s.H))), *dense(s.H, s.D)),
        lambda s: (s.N, s.T, s.D),
        _autoencoder_flops,
        lambda s: 3 * _autoencoder_flops(s) - 2 * s.N * s.T * 4 * s.H * s.D,
    ),
    ENCODER_DECODER: _translation(attention=False),
    ATTENTION: _translation(attention=True),
    DECODER: Kind(
        lambda s: ((TOKENS, s.D), *cell(4, s.D, s.H), *dense(s.H, TOKENS)),
        lambda s: (s.N, WIDTH),
        lambda s: WIDTH * (_cell_flops(s, 4, s.D, s.H) + 2 * s.N * s.T * s.H * TOKENS),
        lambda s: 0,
    ),
}
