"""Suggestions: spellings of what is known, and never the name of another quantity."""

from __future__ import annotations

import pytest

from numba_lstm import activations, losses, metrics, optimizers
from numba_lstm.layers import LSTM, Embedding
from numba_lstm.naming.spelling import nearest
from numba_lstm.optimizers import SGD, Adam

OTHER_QUANTITIES = [
    (losses.get, "rmse"),
    (losses.get, "smape"),
    (losses.get, "nll"),
    (metrics.get, "f1"),
    (metrics.get, "iou"),
    (metrics.get, "auroc"),
    (optimizers.get, "nadamax"),
    (optimizers.get, "adan"),
    (optimizers.get, "radam"),
    (optimizers.get, "lookahead"),
    (optimizers.get, "rprop"),
    (activations.get, "prelu"),
    (activations.get, "tan"),
    (activations.get, "softmin"),
]


@pytest.mark.parametrize(("get", "name"), OTHER_QUANTITIES)
def test_another_quantity_is_never_suggested(get, name):
    with pytest.raises(ValueError, match=rf"unknown [\w ]+ '{name}'\. Known: '"):
        get(name)


@pytest.mark.parametrize(
    ("get", "name", "meant"),
    [
        (losses.get, "mes", "mse"),
        (losses.get, "binary_cross_entropy", "binary_crossentropy"),
        (losses.get, "categorical_crossentrpy", "categorical_crossentropy"),
        (metrics.get, "acuracy", "accuracy"),
        (optimizers.get, "sdg", "sgd"),
        (optimizers.get, "adm", "adam"),
        (optimizers.get, "RMSpop", "RMSprop"),
        (activations.get, "sofmax", "softmax"),
    ],
)
def test_a_misspelling_is_corrected(get, name, meant):
    with pytest.raises(ValueError, match=rf"unknown [\w ]+ '{name}', did you mean '{meant}'\?"):
        get(name)
    get(meant)


def test_a_name_between_two_is_neither():
    assert nearest("mxe", ["mae", "mse"]) == ". Known: 'mae', 'mse'."
    assert nearest("center_x", ["center_y", "center_z"]) == ". Known: 'center_y', 'center_z'."


def test_a_name_of_another_number_is_another_name():
    assert nearest("lstm_3", ["lstm_1", "dense"]) == ". Known: 'dense', 'lstm_1'."


def test_a_sentence_lists_no_thousands_of_names():
    assert nearest("q", [f"name{i:04}" for i in range(1000)]).endswith("'name0059' and 940 more.")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Adam(lr=0.1), r"Adam has no argument 'lr'\. Write learning_rate=0\.1\."),
        (lambda: SGD(learningrate=0.1), "SGD has no argument 'learningrate', did you mean 'learning_rate'"),
        (lambda: LSTM(3, input_length=5), r"LSTM's input_length needs input_dim\. Give input_shape=\(time, features\)\."),
        (lambda: LSTM(3, return_sequence=True), "'return_sequence', did you mean 'return_sequences'"),
        (lambda: Embedding(3, 2, maskzero=True), "'maskzero', did you mean 'mask_zero'"),
    ],
)
def test_arguments_of_other_apis(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()
