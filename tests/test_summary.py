"""The table of model.summary()."""

from __future__ import annotations

import pytest

from numba_lstm import Input, Sequential, device
from numba_lstm.layers import LSTM, Activation, Dense
from numba_lstm.models.summary import memory
from numba_lstm.naming import names


@pytest.fixture(autouse=True)
def _fresh():
    names.reset()


def model():
    stack = Sequential()
    stack.add(LSTM(50, activation="relu", input_shape=(100, 1)))
    stack.add(Dense(1))
    stack.compile(optimizer="adam", loss="mean_squared_error")
    return stack


def lines(stack, **arguments):
    actual = []
    stack.summary(print_fn=actual.append, **arguments)
    return actual


def rows(stack, **arguments):
    """The cells of all rows but the header's."""
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines(stack, **arguments) if line.startswith("│")]


def test_the_summary_is_keras_table_and_names_the_device(monkeypatch):
    monkeypatch.setattr(device, "_default", "auto")
    assert lines(model(), line_length=76) == [
        'Model: "sequential"',
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓",
        "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃",
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩",
        "│ lstm (LSTM)                     │ (None, 50)             │        10,400 │",
        "├─────────────────────────────────┼────────────────────────┼───────────────┤",
        "│ dense (Dense)                   │ (None, 1)              │            51 │",
        "└─────────────────────────────────┴────────────────────────┴───────────────┘",
        " Total params: 10,451 (40.82 KB)",
        " Trainable params: 10,451 (40.82 KB)",
        " Non-trainable params: 0 (0.00 B)",
        " Device: {} ({})".format(*device.choose("auto", 10_451)),
    ]


def test_by_default_it_is_printed(capsys):
    stack = model()
    stack.summary(line_length=76)
    assert capsys.readouterr().out.splitlines() == lines(stack, line_length=76)


@pytest.mark.parametrize("length", [40, 76, 130])
def test_line_length_is_the_width_of_the_table(length):
    assert {len(line) for line in lines(model(), line_length=length) if line[0] in "┏┃┡│├└"} == {length}


def test_positions_are_shares_of_the_line_or_letters():
    stack = model()
    shares = lines(stack, line_length=80, positions=(0.5, 0.75, 1.0))
    assert shares == lines(stack, line_length=80, positions=(40, 60, 80))
    assert shares[1].index("┳") > lines(stack, line_length=80)[1].index("┳")


def test_the_optimizers_memory_counts_once_it_exists():
    stack = model()
    stack.optimizer.build(stack.trainable_weights)
    assert lines(stack)[-5:-1] == [
        " Total params: 31,353 (122.47 KB)",
        " Trainable params: 10,451 (40.82 KB)",
        " Non-trainable params: 0 (0.00 B)",
        " Optimizer params: 20,902 (81.65 KB)",
    ]


def test_frozen_layers_are_not_trainable():
    stack = model()
    stack.layers[0].trainable = False
    assert " Trainable params: 51 (204.00 B)" in lines(stack)
    assert " Non-trainable params: 10,400 (40.62 KB)" in lines(stack)


def test_float64_takes_twice_the_memory():
    stack = Sequential([Input((7,)), Dense(11)], dtype="float64")
    assert " Total params: 88 (704.00 B)" in lines(stack)


def test_show_trainable_adds_a_column():
    stack = Sequential([Input((7,)), Dense(3), Dense(3, trainable=False), Activation("relu")])
    assert [row[3] for row in rows(stack, show_trainable=True)] == ["Y", "N", "-"]
    assert "Trainable" in lines(stack, show_trainable=True)[2]


def test_a_model_that_is_not_built_shows_what_it_knows():
    assert rows(Sequential([LSTM(3), Dense(1)])) == [["lstm (LSTM)", "?", "0 (unbuilt)"], ["dense (Dense)", "?", "0 (unbuilt)"]]


def test_layer_range_shows_the_layers_between_two_patterns():
    stack = Sequential([Input((7,)), *(Dense(3) for _ in range(5))])
    shown = [row[0].split()[0] for row in rows(stack, layer_range=("dense_1", ".*_3"))]
    assert shown == ["dense_1", "dense_2", "dense_3"]


def test_brackets_in_a_name_are_letters():
    assert rows(Sequential([Input((7,)), Dense(3, name="a[b]")]))[0][0] == "a[b] (Dense)"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"layer_range": ("lstn", "dense")}, "no layer matches 'lstn', did you mean 'lstm'"),
        ({"layer_range": "lstm"}, "two names or patterns"),
        ({"positions": (0.5, 1.0)}, "the ends of 3 columns"),
        ({"line_length": 12}, "too narrow"),
    ],
)
def test_bad_arguments_are_answered_with_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        model().summary(**arguments)


@pytest.mark.parametrize(("size", "words"), [(0, "0.00 B"), (1023, "1023.00 B"), (1024, "1.00 KB"), (3 * 2**40, "3.00 TB")])
def test_memory_is_given_in_the_unit_that_fits(size, words):
    assert memory(size) == words
