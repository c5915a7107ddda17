"""The models of :mod:`.kinds` in the API of Keras, from the layers of Keras or of numba_lstm."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from . import kinds
from .problem import RECURRENT_DROPOUT, Problem

MEAN_SQUARED_ERROR, CROSS_ENTROPY = "mean_squared_error", "sparse_categorical_crossentropy"


def build(library: ModuleType, problem: Problem, dtype: str | None = None, masked: bool = False) -> Any:
    """Return the problem's model with its weights, compiled for training unless it has several outputs.

    With ``dtype`` it is one of numba_lstm, whose layers take that of their input.
    """
    if problem.model in (kinds.ENCODER_DECODER, kinds.ATTENTION):
        model, loss = _translation(library, problem, dtype), CROSS_ENTROPY
    elif problem.model == kinds.DECODER:
        model, loss = _decoder(library, problem, dtype), None
    else:
        x, options = library.Input((problem.shape.T, problem.shape.D)), {} if dtype is None else {"dtype": dtype}
        model = library.Sequential([x, *_stack(library.layers, problem, masked)], **options)
        loss = MEAN_SQUARED_ERROR
    model.set_weights(problem.weights)
    if loss is not None:
        model.compile(optimizer="adam", loss=loss)
    return model


def _stack(layers: Any, problem: Problem, masked: bool) -> list[Any]:
    T, D, H, activation = problem.shape.T, problem.shape.D, problem.shape.H, problem.activation
    if problem.model == kinds.CONVOLUTIONS:
        return [layers.Conv1D(H, kinds.WINDOW, activation="relu"), layers.Conv1D(H, kinds.WINDOW)]
    if problem.model == kinds.AUTOENCODER:
        first, last = (layers.LSTM(H, return_sequences=True) for _ in range(2))
        middle = layers.LSTM(H), layers.RepeatVector(T), layers.LSTM(H, return_sequences=True)
        return [first, *middle, last, layers.TimeDistributed(layers.Dense(D))]
    layer = {kinds.LSTM: layers.LSTM, kinds.GRU: layers.GRU, kinds.SIMPLE_RNN: layers.SimpleRNN}[problem.model]
    options: dict[str, Any] = {"recurrent_dropout": RECURRENT_DROPOUT} if masked else {}
    return [
        *([layers.Masking()] if masked else []),
        layer(H, activation=activation, **options),
        layers.Dense(1),
    ]


def _translation(library: ModuleType, problem: Problem, dtype: str | None) -> Any:
    layers, (T, D, H) = library.layers, (problem.shape.T, problem.shape.D, problem.shape.H)
    attention = problem.model == kinds.ATTENTION
    source, target = (layers.Input((T, D), dtype=dtype) for _ in range(2))
    encoder = layers.LSTM(H, return_sequences=attention, return_state=True)
    encoded, *states = encoder(source)
    y = layers.LSTM(H, return_sequences=True)(target, initial_state=states)
    if attention:
        context = layers.Attention()([y, encoded])
        y = layers.Concatenate()([y, context])
    return library.Model([source, target], layers.Dense(D, "softmax")(y))


def _decoder(library: ModuleType, problem: Problem, dtype: str | None) -> Any:
    layers, H = library.layers, problem.shape.H
    token, *states = layers.Input((1,), dtype="int32"), *(layers.Input((H,), dtype=dtype) for _ in range(2))
    x = layers.Embedding(kinds.TOKENS, problem.shape.D, dtype=dtype)(token)
    y, *states_after = layers.LSTM(H, return_state=True)(x, initial_state=states)
    return library.Model([token, *states], [layers.Dense(kinds.TOKENS, "softmax")(y), *states_after])
