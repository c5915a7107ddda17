"""count_layers includes inner layers, and saving and loading limit the number."""

import pytest

from numba_lstm.files.limits import MAX_LAYERS, count_layers
from numba_lstm.layers import LSTM, RNN, Bidirectional, Dense, Input, LSTMCell, TimeDistributed
from numba_lstm.models import Sequential
from numba_lstm.saving import save_model


def test_inner_layers_count():
    stack = [
        Input((5, 3)),
        Bidirectional(LSTM(2, return_sequences=True)),
        RNN([LSTMCell(2), LSTMCell(3)], return_sequences=True),
        TimeDistributed(Dense(2)),
    ]
    # the input, a wrapper of both directions, an RNN of a stack of two, a wrapper of one
    assert count_layers(Sequential(stack).get_config()["layers"]) == 1 + 3 + 4 + 2


@pytest.mark.parametrize(
    "entries", [[None, 7, "LSTM", []], [{}, {"config": None}, {"config": {"layer": None}}, {"config": []}]]
)
def test_what_is_no_layer_counts_as_one(entries):
    assert count_layers(entries) == len(entries)


@pytest.mark.parametrize("ending", [".nlstm", ".keras"])
def test_a_model_of_too_many_inner_layers_is_not_written(tmp_path, ending):
    model = Sequential([RNN([LSTMCell(1) for _ in range(MAX_LAYERS)])], name="many")
    with pytest.raises(ValueError, match="many has 258 layers, inner ones counted"):
        save_model(model, tmp_path / f"m{ending}")
    assert not list(tmp_path.iterdir())
