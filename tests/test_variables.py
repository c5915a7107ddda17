"""Variables: one writer, and no stale form of a weight."""

import numpy as np
import pytest

from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models import Sequential
from numba_lstm.variables import Variable


def test_the_value_is_read_only():
    variable = Variable(np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        variable.value[:] = 0


def test_a_form_is_made_once_a_version():
    made = []
    variable = Variable(np.ones(3))
    for _ in range(2):
        variable.prepared("sum", lambda value: made.append(value.sum()) or value.sum())
    variable.assign(np.full(3, 2.0))
    assert variable.prepared("sum", lambda value: made.append(value.sum()) or value.sum()) == 6
    assert made == [3, 6]


def test_a_form_made_while_somebody_writes_does_not_stay():
    variable = Variable(np.ones(3))
    array = variable.writable()
    assert variable.prepared("sum", np.sum) == 3
    array[...] = 5
    variable.written()
    assert variable.prepared("sum", np.sum) == 15


def test_assign_of_a_wrong_shape_changes_nothing():
    variable = Variable(np.ones(3), "layer/kernel")
    with pytest.raises(ValueError, match="layer/kernel has shape"):
        variable.assign(np.ones(4))
    np.testing.assert_array_equal(variable.value, np.ones(3))


@pytest.mark.parametrize("view", [lambda r: r["x"], lambda r: r["x"][:, ::-1]], ids=["forward", "reversed"])
def test_a_field_of_packed_records_is_read_right(view):
    records = np.zeros((3, 5), [("x", "f4"), ("flag", "i1")])
    records["x"] = np.random.default_rng(0).normal(size=(3, 5))
    x = view(records)[..., None]
    model = Sequential([Input((None, 1)), LSTM(4), Dense(2)])
    np.testing.assert_array_equal(model(x), model(x.copy()))
