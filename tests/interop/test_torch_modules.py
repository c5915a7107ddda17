"""torch.lstm and torch.linear: files of PyTorch become models that compute the same."""

import re

import numpy as np
import pytest
from golden import torch_modules
from tolerances import FOREIGN, assert_close

from numba_lstm.interop import torch
from numba_lstm.layers import LSTM, Activation, Bidirectional, Dense, Dropout, Input
from numba_lstm.models import Sequential

NUMBERS = np.load(torch_modules.FILE)
N, T, D, H, P = 3, 5, 7, 6, 4


def model_of(case, **options):
    prefix = "model.encoder." if case == "whole" else ""
    return torch.lstm(torch_modules.path(case), prefix, **options).to("reference")


@pytest.mark.parametrize("case", torch_modules.CASES)
def test_outputs_are_those_of_pytorch(case):
    assert_close(model_of(case).predict(NUMBERS[f"{case}/x"], verbose=0), NUMBERS[f"{case}/y"], FOREIGN)


@pytest.mark.parametrize("case", torch_modules.CASES)
def test_without_sequences_it_answers_the_last_states_of_the_last_layer(case):
    expected = NUMBERS[f"{case}/h"]
    y = model_of(case, return_sequences=False).predict(NUMBERS[f"{case}/x"], verbose=0)
    assert_close(y, expected[:, -y.shape[1] :], FOREIGN)


def test_the_default_device_computes_the_same():
    model = torch.lstm(torch_modules.path("deep"))
    assert_close(model.predict(NUMBERS["deep/x"], verbose=0), NUMBERS["deep/y"], FOREIGN)


@pytest.mark.parametrize("case", ["plain", "no_bias", "brain", "double"])
def test_the_dtype_is_the_widest_of_the_weights(case):
    expected = "float64" if torch_modules.CASES[case][1] == "float64" else "float32"
    assert torch.lstm(torch_modules.path(case)).dtype == expected


def test_a_head_behind_an_lstm():
    path = torch_modules.path("whole")
    head = torch.linear(path, "model.head.")
    model = Sequential([Input((None, D)), *torch.lstm(path, "model.encoder.").layers, *head.layers])
    assert_close(model.predict(NUMBERS["whole/x"], verbose=0), NUMBERS["whole/head"], FOREIGN)


def state(**shapes):
    """A state_dict of random arrays."""
    rng = np.random.default_rng(3)
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def lstm_state(**changes):
    shapes = {"weight_ih_l0": (4 * H, D), "weight_hh_l0": (4 * H, H), "bias_ih_l0": (4 * H,), "bias_hh_l0": (4 * H,)}
    return state(**{name: shape for name, shape in (shapes | changes).items() if shape is not None})


WRONG_LSTMS = {
    "missing bias": (lstm_state(bias_hh_l0=None), "'bias_hh_l0' is missing"),
    "missing recurrent weights": (lstm_state(weight_hh_l0=None), "'weight_hh_l0' is missing"),
    "a layer left out": (lstm_state(weight_ih_l2=(4 * H, H)), "'bias_hh_l1' is missing"),
    "a layer without biases": (
        lstm_state(weight_ih_l1=(4 * H, H), weight_hh_l1=(4 * H, H)),
        "'bias_hh_l1' is missing",
    ),
    "a bias in the second layer only": (
        lstm_state(
            bias_ih_l0=None,
            bias_hh_l0=None,
            weight_ih_l1=(4 * H, H),
            weight_hh_l1=(4 * H, H),
            bias_ih_l1=(4 * H,),
        ),
        "there is 'bias_ih_l1', but no 'bias_ih_l0'",
    ),
    "reverse in the second layer only": (
        lstm_state(weight_ih_l0=(4 * H, D))
        | {f"{k.replace('l0', 'l1')}": v for k, v in lstm_state(weight_ih_l0=(24, 6)).items()}
        | {"weight_ih_l1_reverse": np.ones((4 * H, H))},
        "there is 'weight_ih_l1_reverse'",
    ),
    "a GRU": (lstm_state(weight_ih_l0=(3 * H, D), weight_hh_l0=(3 * H, H)), "That is a GRU"),
    "an RNN": (lstm_state(weight_ih_l0=(H, D), weight_hh_l0=(H, H)), "That is an RNN"),
    "another width of a bias": (lstm_state(bias_hh_l0=(4 * H + 1,)), "bias_hh_l0 has shape (25,), expected (24,)"),
    "inputs that are not the layer's below": (
        {**lstm_state(), **{k.replace("l0", "l1"): v for k, v in lstm_state().items()}},
        "weight_ih_l1 has shape (24, 7), expected (24, 6)",
    ),
    "a vector of weights": (lstm_state(weight_hh_l0=(4 * H,)), "must be matrices"),
    "a projection of another size": (lstm_state(weight_hh_l0=(4 * H, P), weight_hr_l0=(P + 1, H)), "weight_hr_l0 has shape"),
    "a stranger": (lstm_state(weight_g_l0=(1,)), "'weight_g_l0' is no weight of an LSTM"),
    "whole numbers": ({**lstm_state(), "bias_hh_l0": np.ones(4 * H, int)}, "int64 numbers"),
    "a text": ({**lstm_state(), "bias_hh_l0": "pickle"}, "numbers, and weights are floating"),
    "ragged lists": ({**lstm_state(), "bias_hh_l0": [[1.0], [1.0, 2.0]]}, "is no array"),
    "nothing": ({}, "there is no 'weight_ih_l0'"),
    "a module inside": ({f"rnn.{name}": array for name, array in lstm_state().items()}, "Give prefix='rnn.'"),
}


@pytest.mark.parametrize("recipe", WRONG_LSTMS)
def test_what_is_no_lstm_is_refused(recipe):
    source, message = WRONG_LSTMS[recipe]
    with pytest.raises(ValueError, match=re.escape(message)):
        torch.lstm(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (state(bias=(3,)), "there is no 'weight'"),
        (state(weight=(3,)), "weight has shape (3,)"),
        (state(weight=(3, 4), bias=(4,)), "bias has shape (4,), expected (3,)"),
        (state(weight=(3, 4), scale=(3,)), "'scale' is no weight of a Linear"),
    ],
)
def test_what_is_no_linear_is_refused(source, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        torch.linear(source)


# -- the other way ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["plain", "deep", "no_bias", "projection", "both", "double"])
def test_a_state_dict_makes_the_same_model_again(case):
    model = torch.lstm(torch_modules.path(case))
    written = torch.to_state_dict(model, "rnn.")
    for expected, actual in zip(model.get_weights(), torch.lstm(written, "rnn.").get_weights(), strict=True):
        np.testing.assert_array_equal(expected, actual)


def test_a_state_dict_has_pytorchs_names_and_shapes():
    layers = [Bidirectional(LSTM(H, projection=P, return_sequences=True)), Dropout(0.5), Bidirectional(LSTM(H, projection=P))]
    written = torch.to_state_dict(Sequential([Input((None, D)), *layers]))
    ends = ("_l0", "_l0_reverse", "_l1", "_l1_reverse")
    assert {name: array.shape for name, array in written.items()} == {
        **{f"weight_ih{end}": (4 * H, 2 * P if "1" in end else D) for end in ends},
        **{f"weight_hh{end}": (4 * H, P) for end in ends},
        **{f"{bias}{end}": (4 * H,) for bias in ("bias_ih", "bias_hh") for end in ends},
        **{f"weight_hr{end}": (P, H) for end in ends},
    }


def test_a_dense_layer_is_written_as_a_linear():
    model = Sequential([Input((D,)), Dense(2)])
    actual = torch.linear(torch.to_state_dict(model))
    x = np.random.default_rng(1).normal(size=(N, D))
    np.testing.assert_array_equal(actual.to("reference")(x), model.to("reference")(x))


NOT_TORCH = {
    "another layer": ([LSTM(4), Dense(2)], "Dense) is no part of an nn.LSTM"),
    "activation": ([LSTM(4, "relu")], "activation='relu'"),
    "gates": ([LSTM(4, recurrent_activation="hard_sigmoid")], "recurrent_activation='hard_sigmoid'"),
    "output": ([LSTM(4, output_activation="linear")], "output_activation='linear'"),
    "peephole": ([LSTM(4, peephole=True)], "peephole=True"),
    "clip": ([LSTM(4, cell_clip=2.0)], "cell_clip=2.0"),
    "coupled": ([LSTM(4, coupled=True)], "coupled=True"),
    "norms": ([LSTM(4, layer_norm=True)], "layer_norm=True"),
    "zoneout": ([LSTM(4, zoneout=0.25)], "zoneout=0.25"),
    "backwards": ([LSTM(4, go_backwards=True)], "go_backwards=True"),
    "units": ([LSTM(4, return_sequences=True), LSTM(5)], "units=5"),
    "biases": ([LSTM(4, return_sequences=True), LSTM(4, use_bias=False)], "use_bias=False"),
    "projections": ([LSTM(4, return_sequences=True), LSTM(4, projection=2)], "projection=2"),
    "directions": ([LSTM(4, return_sequences=True), Bidirectional(LSTM(4))], "not the same directions"),
    "merged": ([Bidirectional(LSTM(4), merge_mode="sum")], "merge_mode='sum'"),
    "linear with an activation": ([LSTM(4), Activation("tanh")], "Activation) is no part"),
}


@pytest.mark.parametrize("recipe", NOT_TORCH)
def test_what_pytorch_has_not_is_named(recipe):
    layers, message = NOT_TORCH[recipe]
    with pytest.raises(ValueError, match=re.escape(message)):
        torch.to_state_dict(Sequential([Input((None, D)), *layers]))


@pytest.mark.parametrize("prefix", ["", "net.step."])
@pytest.mark.parametrize("read", [torch.load_model, lambda state: torch.lstm(state, [*state][0].removesuffix("weight_ih"))])
def test_a_cell_for_one_step_is_called_one(read, prefix):
    shapes = {"weight_ih": (4 * H, D), "weight_hh": (4 * H, H), "bias_ih": (4 * H,), "bias_hh": (4 * H,)}
    state = {f"{prefix}{name}": np.ones(shape, "f4") for name, shape in shapes.items()}
    with pytest.raises(ValueError, match=r"a module for one step, as nn\.LSTMCell"):
        read(state)


def test_a_cell_that_is_renamed_is_a_layer():
    state = lstm_state()
    cell = {name.removesuffix("_l0"): value for name, value in state.items()}
    model = torch.lstm({f"{name}_l0": value for name, value in cell.items()})
    np.testing.assert_array_equal(model.get_weights()[0], state["weight_ih_l0"].T)


def test_an_activation_of_a_dense_layer_is_named():
    with pytest.raises(ValueError, match="activation='relu'"):
        torch.to_state_dict(Sequential([Input((D,)), Dense(2, "relu")]))


def test_a_model_without_weights_has_no_state_dict():
    with pytest.raises(ValueError, match="not built"):
        torch.to_state_dict(Sequential([LSTM(4)]))


def test_the_weights_of_a_state_dict_are_copies():
    model = Sequential([Input((None, D)), LSTM(4)])
    written = torch.to_state_dict(model)
    written["weight_ih_l0"][:] = 7
    assert not np.any(model.get_weights()[0] == 7)
