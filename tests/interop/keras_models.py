"""Models to write as files of Keras."""

from golden import keras_files
from golden.keras_files import CASES

import numba_lstm
from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input


def trained(name):
    """A case's model after two steps."""
    case = CASES[name]
    model = case.make(numba_lstm).to("reference")
    for _ in range(2):
        keras_files.train(model, case)
    return model


def small(*layers, **options):
    return Sequential([Input((5, 3)), *(layers or [LSTM(4, name="first"), Dense(2)])], name="small", **options)
