"""Attributes of callbacks, regularizers, constraints, initializers and schedules: known ones are set, others refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from numba_lstm import callbacks, constraints, initializers, regularizers
from numba_lstm.optimizers import schedules


@pytest.mark.parametrize(
    ("make", "name", "sentence"),
    [
        (callbacks.EarlyStopping, "patiance", "EarlyStopping has no attribute 'patiance' to set, did you mean 'patience'?"),
        (callbacks.EarlyStopping, "on_epoch_ends", "EarlyStopping has no attribute 'on_epoch_ends' to set, did you mean"),
        (lambda: regularizers.L2(0.1), "l1", "L2.l1 cannot be set. Make a regularizer of both: L1L2(l1=..., l2=...)."),
        (lambda: regularizers.L2(0.1), "rate", "L2 has no attribute 'rate' to set. Known: 'l1', 'l2'."),
        (lambda: constraints.MaxNorm(1), "axes", "MaxNorm has no attribute 'axes' to set"),
        (initializers.RandomNormal, "std", "RandomNormal has no attribute 'std' to set. Known: 'mean', 'seed', 'stddev'."),
        (lambda: schedules.ExponentialDecay(0.1, 1, 0.9), "lr", "ExponentialDecay has no attribute 'lr' to set. Known: "),
    ],
)
def test_an_attribute_that_nothing_reads_is_refused(make, name, sentence):
    thing = make()
    before = dict(vars(thing))
    with pytest.raises(AttributeError, match=f"^{re.escape(sentence)}"):
        setattr(thing, name, 0.5)
    assert vars(thing) == before


def test_an_attribute_that_is_read_counts_from_then_on():
    penalty = regularizers.L2(0.1)
    penalty.l2 = 0.5
    assert penalty(np.ones(4, np.float32)) == 2
    assert penalty.get_config() == {"l2": 0.5}


def test_callbacks_are_their_owners():
    stop = callbacks.EarlyStopping()
    stop.patience, stop.anything = 3, 1
    assert (stop.patience, stop.anything) == (3, 1)
