"""Training that is saved and continues in a new process ends with the same bits as without interruption."""

import subprocess
import sys

import numpy as np
import pytest

from numba_lstm import optimizers, set_random_seed
from numba_lstm.layers import LSTM, Dense, Dropout, Input
from numba_lstm.models import Sequential
from numba_lstm.naming import names
from numba_lstm.saving import load_model

RULES = {
    "sgd": lambda: optimizers.SGD(0.05),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(momentum=0.5, centered=True),
    "adagrad": lambda: optimizers.Adagrad(0.05),
    "adam": lambda: optimizers.Adam(amsgrad=True, clipnorm=0.5),
    "adamw": lambda: optimizers.AdamW(),
    "nadam": lambda: optimizers.Nadam(),
    "adadelta": lambda: optimizers.Adadelta(0.5),
    "adamax": lambda: optimizers.Adamax(),
    "lion": lambda: optimizers.Lion(),
    "ftrl": lambda: optimizers.Ftrl(0.05),
    "sums": lambda: optimizers.Adam(gradient_accumulation_steps=5),  # so that it is saved between two updates
    "schedule": lambda: optimizers.Adam(optimizers.schedules.CosineDecay(0.05, 9, warmup_target=0.1, warmup_steps=4)),
}


def untrained(optimizer):
    set_random_seed(17)
    names.reset()
    model = Sequential([Input((5, 3)), LSTM(4, return_sequences=True), Dropout(0.4), LSTM(3), Dense(2)])
    model.compile(optimizer, "mse")
    return model


def train(model, data, begin, end):
    return model.fit(*data, batch_size=4, epochs=end, initial_epoch=begin, shuffle=True, verbose=0).history["loss"]


def assert_equal(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    state = other.optimizer.state()
    for name, value in one.optimizer.state().items():
        np.testing.assert_array_equal(value, state[name])
    assert one.random.state == other.random.state


@pytest.mark.parametrize("rule", RULES)
def test_two_and_two_epochs_are_four(data, tmp_path, rule):
    straight = untrained(RULES[rule]())
    losses = train(straight, data, 0, 4)
    model = untrained(RULES[rule]())
    first = train(model, data, 0, 2)
    model.save(tmp_path / "half.nlstm")
    set_random_seed(1)  # what else draws must not matter
    resumed = load_model(tmp_path / "half.nlstm")
    assert first + train(resumed, data, 2, 4) == losses
    assert_equal(straight, resumed)


AVERAGES = {
    "averages": lambda: optimizers.SGD(0.05, use_ema=True, ema_overwrite_frequency=4),
    "averages and sums": lambda: optimizers.Adam(gradient_accumulation_steps=5, use_ema=True, ema_momentum=0.5),
}


@pytest.mark.parametrize("ending", [".nlstm", ".keras", ".h5"])
@pytest.mark.parametrize("rule", AVERAGES | {name: RULES[name] for name in ("sums", "adadelta", "adamax", "lion", "ftrl")})
def test_what_is_kept_of_weights_goes_on_in_every_file(data, tmp_path, rule, ending):
    model = untrained((AVERAGES | RULES)[rule]())
    train(model, data, 0, 2)  # the weights become their averages here, so four epochs at once would be others
    state = model.random.state
    model.save(tmp_path / f"half{ending}")
    resumed = load_model(tmp_path / f"half{ending}")
    resumed.random.state = state  # a Keras file does not hold it
    assert resumed.optimizer.get_config() == model.optimizer.get_config()
    assert train(model, data, 2, 4) == train(resumed, data, 2, 4)
    assert_equal(model, resumed)


def test_in_a_new_process(data, tmp_path):
    straight = untrained("adam")
    train(straight, data, 0, 4)
    model = untrained("adam")
    train(model, data, 0, 2)
    model.save(tmp_path / "half.nlstm")
    np.savez(tmp_path / "data.npz", x=data[0], y=data[1])
    program = (
        "import sys, numpy as np\n"
        "from numba_lstm.models import load_model\n"
        "data, half, whole = sys.argv[1:]\n"
        "data, model = np.load(data), load_model(half)\n"
        "model.fit(data['x'], data['y'], batch_size=4, initial_epoch=2, epochs=4, verbose=0)\n"
        "model.save(whole)\n"
    )
    files = [tmp_path / name for name in ("data.npz", "half.nlstm", "whole.nlstm")]
    done = subprocess.run([sys.executable, "-c", program, *files], capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr
    assert_equal(straight, load_model(tmp_path / "whole.nlstm"))


def test_the_model_that_was_saved_goes_on_as_if_it_had_not_been(data, tmp_path):
    straight = untrained("adam")
    train(straight, data, 0, 3)
    model = untrained("adam")
    for epoch in range(3):
        train(model, data, epoch, epoch + 1)
        model.save(tmp_path / "model.nlstm")
    assert_equal(straight, model)


def test_after_a_rate_was_lowered_by_hand(data, tmp_path):
    model = untrained("adam")
    train(model, data, 0, 1)
    model.optimizer.learning_rate = 1e-4
    model.save(tmp_path / "model.nlstm")
    resumed = load_model(tmp_path / "model.nlstm")
    assert train(resumed, data, 1, 3) == train(model, data, 1, 3)
    assert_equal(model, resumed)
