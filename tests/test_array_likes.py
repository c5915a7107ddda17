"""What a user may hand in as an array, and what is refused because a mask or a missing value would be lost."""

from __future__ import annotations

import array
from collections import UserList, deque

import numpy as np
import pytest
from data_frames import QUIET, Column, refuses
from training_cases import WEIGHT, X, Y, make_model

from numba_lstm import Sequential
from numba_lstm.inputs import as_real
from numba_lstm.layers import LSTM, Dense, Embedding, Input

# -- what is taken ------------------------------------------------------------------------------------------------------


ALIKE = {
    "nested lists": X.tolist(),
    "a list of arrays": list(X),
    "a tuple of arrays": tuple(X),
    "a deque": deque(X),
    "a UserList": UserList(X),
    "a memoryview": memoryview(np.ascontiguousarray(X)),
    "another byte order": X.astype(">f4"),
}


@pytest.mark.parametrize("x", ALIKE.values(), ids=ALIKE)
def test_all_that_holds_numbers_is_an_array(x):
    model = make_model()
    assert np.array_equal(model.predict(x, **QUIET), model.predict(X, **QUIET))


@pytest.mark.parametrize("values", [range(3), array.array("d", [0, 1, 2]), (0, 1, 2), [np.float16(0), 1, True + 1]])
def test_sequences_of_numbers_are_arrays(values):
    assert as_real(values, "y").tolist() == [0, 1, 2]


class Grad(Column):
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


@pytest.mark.parametrize("wrap", [lambda tensor: tensor, lambda tensor: [tensor, tensor]])
def test_a_tensor_that_cannot_be_read_says_why(wrap):
    tensor = Grad([1.0], np.dtype("float32"))
    with pytest.raises(TypeError, match=r"y.* \(Grad\) cannot be read as a NumPy array: .*Use tensor\.detach\(\)\.numpy\(\)"):
        as_real(wrap(tensor), "y")


# -- lists, tuples and dicts of one entry -----------------------------------------------------------------------------------


def test_lists_tuples_and_dicts_of_one_array_are_the_array():
    for box in (lambda v: [v], lambda v: (v,), lambda v: {"one": v}):
        expected, model = make_model(), make_model()
        a = expected.fit(X, Y, sample_weight=WEIGHT, validation_data=(X, Y), **QUIET).history
        assert model.fit(box(X), box(Y), sample_weight=box(WEIGHT), validation_data=(box(X), box(Y)), **QUIET).history == a
        assert model.evaluate(box(X), box(Y), **QUIET) == expected.evaluate(X, Y, **QUIET)
        assert np.array_equal(model.predict(box(X), **QUIET), expected.predict(X, **QUIET))
        assert model.test_on_batch(box(X), box(Y)) == expected.test_on_batch(X, Y)
        assert model.train_on_batch(box(X), box(Y)) == expected.train_on_batch(X, Y)


def test_a_list_of_one_sample_is_a_batch_of_one():
    model = make_model()
    assert np.array_equal(model.predict([X[0]], **QUIET), model.predict(X[:1], **QUIET))
    assert model.evaluate([X[0]], [Y[0]], **QUIET) == model.evaluate(X[:1], Y[:1], **QUIET)
    assert model.evaluate([X[:1]], [Y[:1]], **QUIET) == model.evaluate(X[:1], Y[:1], **QUIET)


def test_a_list_of_one_array_is_the_input_of_a_model_that_is_not_built():
    for stack, x in (([LSTM(3)], X), ([Dense(3)], X[:, 0]), ([Embedding(9, 2), LSTM(3)], np.ones((4, 5), int))):
        assert Sequential(stack).predict([x], **QUIET).shape == (len(x), 3)


def test_several_inputs_are_too_many():
    refuses(r"has one input, got a dict of 2 entries \('a', 'b'\)\. Give one array", {"a": X, "b": X}, Y)
    refuses("the model has one output, got a dict of 2 entries", X, {"a": Y, "b": Y})


class FrameGroupBy:
    """A table of Pandas in groups: pairs of a key and a part."""

    def __init__(self, groups):
        self.groups = groups

    def __len__(self):
        return len(self.groups)

    def __getitem__(self, name):
        raise KeyError(name)

    def __iter__(self):
        return iter(enumerate(self.groups))


class Group(np.ndarray):
    def to_numpy(self):
        return np.asarray(self)


@pytest.mark.parametrize("method", ["predict", "fit", "evaluate", "__call__"])
def test_sets_and_groups_are_no_batches(method):
    model = Sequential([Input((None, 2)), LSTM(2)])
    model.compile("sgd", "mse")
    groups = FrameGroupBy([np.ones((3, 2)).view(Group), np.ones((4, 2)).view(Group)])
    more = {"y": np.zeros((2, 2))} if method in ("fit", "evaluate") else {}
    for x, sentence in (
        ({1, 2}, "x must be an array of real numbers, got set. Give a list of its entries: list(x)."),
        (frozenset("a"), "x must be an array of real numbers, got frozenset. Give a list of its entries: list(x)."),
        ({}.keys(), "x must be an array of real numbers, got dict_keys. Give a list of its entries: list(x)."),
        (
            groups,
            "x must be an array of real numbers, got FrameGroupBy. Give a list of one array a group: "
            "[part.to_numpy() for _, part in x].",
        ),
    ):
        with pytest.raises(TypeError) as raised:
            getattr(model, method)(x, **more)
        assert str(raised.value) == sentence
    if method == "predict":
        assert model.predict([part.to_numpy() for _, part in groups], verbose=0).shape == (2, 2)


@pytest.mark.parametrize("entry", [{1}, (n for n in "ab"), FrameGroupBy([])])
def test_entries_of_lists_that_are_no_numbers_are_named(entry):
    with pytest.raises(TypeError, match=rf"input\[1\] must be a number or an array, got {type(entry).__name__}\.$"):
        Dense(2)([1.0, entry])
