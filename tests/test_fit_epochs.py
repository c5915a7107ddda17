"""What fit leaves alone where no epoch runs, and weights that are frozen while it runs."""

from __future__ import annotations

import re

import numpy as np
import pytest
from training_cases import C, D, T, X, Y, make_model, same_weights

from numba_lstm import Sequential, callbacks, load_model
from numba_lstm.layers import LSTM, Dense
from numba_lstm.optimizers import SGD, Adam

QUIET = {"verbose": 0}
START = Sequential([LSTM(4, input_shape=(T, D)), Dense(C)]).get_weights()


@pytest.mark.parametrize("given", [{"epochs": 0}, {"epochs": 2, "initial_epoch": 2}, {"epochs": 1, "initial_epoch": 5}])
def test_no_epoch_leaves_weights_that_were_set_since_their_averages(given):
    model = make_model(optimizer=SGD(0.1, use_ema=True))
    begun = model.get_weights()
    model.fit(X, Y, **QUIET)
    model.set_weights(begun)
    model.fit(X, Y, **given, **QUIET)
    assert same_weights(model.get_weights(), begun)


def test_an_epoch_gives_the_weights_their_averages():
    model = make_model(optimizer=SGD(0.1, use_ema=True))
    model.fit(X, Y, **QUIET)
    assert same_weights(model.get_weights(), [average.numpy() for average in model.optimizer.averages])


# -- trainable, changed while fit runs ----------------------------------------------------------------------------------------

CHANGED = (
    "trainable has changed while fit runs: fit goes on with the weights that it began with. Call fit anew after "
    "model.compile(...) for the change to take effect."
)


def doing(action, *, at=1):
    """A callback that calls ``action`` with the model at the end of an epoch."""
    listener = callbacks.Callback()
    listener.on_epoch_end = lambda epoch, logs=None: action(listener.model) if epoch == at else None
    return listener


def freeze(model):
    model.layers[0].trainable = False


def thaw(model):
    model.layers[0].trainable = True


def freeze_all(model):
    model.trainable = False


OPTIMIZERS = [
    lambda: SGD(0.1),
    lambda: SGD(0.1, use_ema=True, ema_overwrite_frequency=3),
    lambda: Adam(0.1, gradient_accumulation_steps=2),
]


@pytest.mark.parametrize("change", [freeze, freeze_all, thaw])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_change_of_trainable_takes_effect_after_compile(change, optimizer):
    def made():
        model = Sequential([LSTM(4, kernel_constraint="non_neg", input_shape=(T, D)), Dense(C, kernel_constraint="unit_norm")])
        model.set_weights(START)
        model.layers[0].trainable = change is not thaw
        model.compile(optimizer(), "mse")
        return model

    changed, plain = made(), made()
    plain.fit(X, Y, epochs=4, shuffle=False, **QUIET)
    with pytest.warns(UserWarning, match=f"^{re.escape(CHANGED)}$"):
        changed.fit(X, Y, epochs=4, shuffle=False, callbacks=[doing(change)], **QUIET)
    assert same_weights(changed.get_weights(), plain.get_weights())
    assert [v.path for v in changed.trainable_weights] != [v.path for v in plain.trainable_weights]
    before = changed.get_weights()
    changed.compile(optimizer(), "mse")  # the advice
    changed.fit(X, Y, epochs=2, **QUIET)
    after = changed.get_weights()
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [change is not thaw] * 3 + [
        change is freeze_all
    ] * 2


def test_a_fit_after_a_change_without_compile_says_what_to_do():
    model = make_model()
    with pytest.warns(UserWarning, match="trainable has changed"):
        model.fit(X, Y, epochs=2, callbacks=[doing(freeze, at=0)], **QUIET)
    with pytest.raises(ValueError, match=r"Compile the model with a new optimizer\.$"):
        model.fit(X, Y, **QUIET)


def test_a_change_that_is_undone_is_none():
    model = make_model()
    model.fit(X, Y, epochs=3, callbacks=[doing(freeze, at=0), doing(thaw, at=0)], **QUIET)


def test_a_checkpoint_after_a_change_is_read_again(tmp_path):
    model, saving = make_model(), callbacks.ModelCheckpoint(tmp_path / "{epoch}.nlstm")
    with pytest.warns(UserWarning, match="trainable has changed"):
        model.fit(X, Y, epochs=2, callbacks=[doing(freeze, at=0), saving], **QUIET)
    assert same_weights(load_model(tmp_path / "2.nlstm").get_weights(), model.get_weights())


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (lambda model: model.compile("adam", "mse"), "compile cannot be called"),
        (lambda model: setattr(model, "optimizer", "adam"), "the optimizer cannot be replaced"),
    ],
)
def test_compile_waits_for_the_end_of_fit(action, what):
    model = make_model()
    sentence = f"{what} while fit runs. Set model.stop_training = True, and do it when fit has returned."
    with pytest.raises(RuntimeError, match=f"^{re.escape(sentence)}$"):
        model.fit(X, Y, epochs=3, callbacks=[doing(action)], **QUIET)
    action(model)
    model.fit(X, Y, **QUIET)
