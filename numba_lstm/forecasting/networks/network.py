"""The network of a forecaster: LSTMs read the past, and other LSTMs go on from their states over the future."""

from __future__ import annotations

from typing import Any

from ...layers import LSTM, Add, Concatenate, Dense, Dropout, Input
from ...models import Model
from ...optimizers import Adam
from .heads import Head
from .windows import Windows


def build_network(windows: Windows, units: tuple[int, ...], dropout: float, head: Head, learning_rate: float) -> Model:
    """Return the compiled network for the inputs of ``windows``.

    Encoder and decoder have an LSTM for each entry of ``units``. Each LSTM of the decoder begins with the last states of its
    peer in the encoder, and reads what is known of each future step. So no forecast is an input, and the outputs of all steps
    come from one call. Covariates of whole series give the encoder's first states, and are added to those of the decoder.
    """
    past = Input((None, windows.past.shape[-1]), name="past")
    future = Input((None, windows.future.shape[-1]), name="future")
    static = Input((windows.static.shape[-1],), name="static") if windows.static.shape[-1] else None
    x: Any = past
    states = []
    for size in units:
        before = None if static is None else [Dense(size)(static), Dense(size)(static)]
        x, h, c = LSTM(size, return_sequences=True, return_state=True)(x, initial_state=before)
        states.append([h if static is None else Add()([h, Dense(size)(static)]), c])
        if dropout:
            x = Dropout(dropout)(x)
    x = future
    for size, state in zip(units, states, strict=True):
        x = LSTM(size, return_sequences=True)(x, initial_state=state)
        if dropout:
            x = Dropout(dropout)(x)
    outputs = head.connect(Concatenate()([x, future]))
    model = Model([past, future] if static is None else [past, future, static], outputs)
    model.compile(Adam(learning_rate, clipnorm=1.0), head.loss)
    return model
