"""A loss that is not finite is reported once, with its epoch and step."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from training_cases import X, Y, make_model

from numba_lstm import callbacks

# -- a loss that is not finite ------------------------------------------------------------------------------------------

QUIET = {"verbose": 0}


def spoiled():
    x = X.copy()
    x[5, 2, 3] = np.nan
    return x


@pytest.mark.parametrize("reading", [False, True], ids=["read at the end", "read at each step"])
def test_a_loss_that_is_not_finite_is_reported_once_by_epoch_and_step(reading):
    model = make_model()
    listeners = [callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)] if reading else None
    with pytest.warns(RuntimeWarning) as caught:
        history = model.fit(spoiled(), Y, batch_size=2, epochs=3, shuffle=False, callbacks=listeners, **QUIET)
    (warning,) = caught
    assert "the loss is nan at epoch 1, step 3" in str(warning.message)
    assert "clipnorm" in str(warning.message)
    assert history.epoch == [0, 1, 2]


def test_the_epoch_of_the_report_is_the_right_one():
    model = make_model()

    class Spoil(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.set_weights([np.full(w.shape, np.nan) for w in self.model.get_weights()])

    with pytest.warns(RuntimeWarning, match="at epoch 2, step 1;"):
        model.fit(X, Y, batch_size=4, epochs=2, callbacks=[Spoil()], **QUIET)


def test_a_finite_loss_is_not_reported():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_model().fit(X, Y, epochs=2, **QUIET)
