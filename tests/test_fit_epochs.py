"""What fit leaves alone where no epoch runs, and weights that are frozen while it runs."""

from __future__ import annotations

import pytest
from training_cases import X, Y, make_model, same_weights

from numba_lstm.optimizers import SGD

QUIET = {"verbose": 0}


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
