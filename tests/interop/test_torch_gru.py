"""torch.gru and torch.rnn: weights of PyTorch become models that compute the same, and weights again."""

import numpy as np
import pytest
from golden import torch_gru
from tolerances import RECURRENT, assert_close

from numba_lstm.interop import torch
from numba_lstm.layers import GRU, Input, SimpleRNN
from numba_lstm.models import Sequential

NUMBERS = np.load(torch_gru.FILE)


def state_of(case):
    prefix = f"{case}/state/"
    return {name.removeprefix(prefix): NUMBERS[name] for name in NUMBERS.files if name.startswith(prefix)}


@pytest.mark.parametrize("case", torch_gru.CASES)
def test_outputs_and_weights_are_those_of_pytorch(case):
    read, options = (torch.gru, {}) if case.startswith("gru") else (torch.rnn, {"nonlinearity": "relu"})
    state = state_of(case)
    model = read(state, **options).to("reference")
    assert_close(model.predict(NUMBERS[f"{case}/x"], verbose=0), NUMBERS[f"{case}/y"], RECURRENT["float64"])
    again = torch.to_state_dict(model)
    assert again.keys() == state.keys()
    if case == "rnn":  # one bias here
        assert_close(again["bias_ih_l1"], state["bias_ih_l1"] + state["bias_hh_l1"], RECURRENT["float64"])
    else:
        for name, array in state.items():
            np.testing.assert_array_equal(again[name], array)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: torch.gru(state_of("rnn")), "has 3 rows a unit. That is an RNN: read it with rnn"),
        (lambda: torch.rnn(state_of("gru")), "has one row a unit. That is a GRU: read it with gru"),
        (lambda: torch.lstm(state_of("gru")), "That is a GRU: read it with gru"),
        (lambda: torch.rnn(state_of("rnn"), nonlinearity="elu"), "nonlinearity"),
        (lambda: torch.to_state_dict(model_of(GRU(2, reset_after=False))), "reset_after=False, which an nn.GRU has not"),
        (lambda: torch.to_state_dict(model_of(SimpleRNN(2, "elu"))), "activation='elu'; an nn.RNN has 'tanh'"),
        (lambda: torch.to_state_dict(model_of(GRU(2, return_sequences=True), SimpleRNN(2))), "is no part of an nn.GRU"),
    ],
)
def test_errors_say_what_there_is(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def model_of(*layers):
    return Sequential([Input((3, 2)), *layers])
