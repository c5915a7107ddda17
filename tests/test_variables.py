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


def test_a_value_that_a_device_holds_is_fetched_when_it_is_asked_for():
    variable = Variable(np.zeros(3))
    variable.prepared("other", np.sum)
    there, fetched = np.arange(3.0), []
    variable.written_as("form", there, lambda made: fetched.append(1) or made)
    assert variable.prepared("form", lambda _: pytest.fail("the form is there")) is there
    assert variable.shape == (3,)
    assert fetched == []
    assert variable.value.tolist() == variable.numpy().tolist() == np.asarray(variable).tolist() == [0, 1, 2]
    assert fetched == [1]
    assert variable.prepared("other", np.sum) == 3


def test_what_the_host_writes_comes_after_what_a_device_held():
    variable = Variable(np.zeros(3))
    variable.written_as("form", np.arange(3.0), lambda made: made)
    variable.writable()[0] = 7
    variable.written()
    assert variable.value.tolist() == [7, 1, 2]
    assert variable.prepared("form", np.sum) == 10


@pytest.mark.parametrize("method", ["assign", "assign_add", "assign_sub"])
@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([[None], [1.0]], "got dtype object. Some entries are missing (1, as None). Fill them, or leave their samples out."),
        ([[1 + 2j], [3]], "got dtype complex128. Take .real, or give real and imaginary parts as two features."),
        ([["1"], ["2"]], "got dtype <U1. Convert it first: np.asarray(x, dtype='float64')."),
        (np.array([[1.0], [2.0]], object), "got dtype object. Convert it first: np.asarray(x, dtype='float64')."),
    ],
)
def test_a_variable_takes_real_numbers_alone(method, value, sentence):
    variable = Variable(np.ones((2, 1)), "layer/kernel")
    with pytest.raises(TypeError) as raised:
        getattr(variable, method)(value)
    assert str(raised.value) == f"layer/kernel must be an array of real numbers, {sentence}"
    with pytest.raises(ValueError, match="mask"):
        getattr(variable, method)(np.ma.masked_equal([[1.0], [2.0]], 2))
    assert variable.value.tolist() == [[1], [1]]


@pytest.mark.parametrize("value", [[None], [1j], ["1"], np.array([1.0], object)])
def test_a_weight_of_a_layer_begins_with_real_numbers_alone(value):
    layer = Dense(1, name="own")
    layer(np.ones((1, 1)))
    with pytest.raises(TypeError, match="^own/w must be an array of real numbers"):
        layer.add_weight("w", value)
    with pytest.raises(TypeError, match="^the result of the initializer .* must be an array of real numbers"):
        layer.add_weight((1,), lambda shape, dtype: value)
    assert len(layer.variables) == 2


def test_a_variable_takes_numbers_and_arrays_to_add():
    variable = Variable(np.ones((2, 1)))
    variable.assign_add(1)
    variable.assign_sub([[0], [1]])
    assert variable.value.tolist() == [[2], [1]]
