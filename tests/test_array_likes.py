"""What a user may hand in as an array, and what is refused because a mask or a missing value would be lost."""

from __future__ import annotations

import array
from collections import UserList, deque

import numpy as np
import pytest
from training_cases import WEIGHT, C, D, N, T, X, Y, make_model, same_weights

from numba_lstm import Sequential, pad_sequences
from numba_lstm.inputs import as_real
from numba_lstm.layers import LSTM, Dense, Embedding, Input, Masking

QUIET = {"verbose": 0}


class Nullable:
    """A dtype that NumPy does not know, as Pandas's Int64 and Float64."""

    kind = "f"


class Column:
    """A column of Pandas: it becomes an array in which missing values are NaN."""

    def __init__(self, values, dtype=None):
        self.values, self.dtype, self.ndim, self.shape = np.asarray(values), dtype or Nullable(), 1, (len(values),)

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype or self.values.dtype)

    def isna(self):
        return np.isnan(self.values)


class Frame:
    """A table of Pandas."""

    def __init__(self, **columns):
        self.data, self.columns, self.ndim = columns, list(columns), 2
        self.dtypes = [column.dtype for column in columns.values()]
        self.shape = (len(next(iter(columns.values()))), len(columns))

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, name):
        return self.data[name]

    def __array__(self, dtype=None, copy=None):
        return np.stack([np.asarray(column).astype(object) for column in self.data.values()], axis=1)

    def isna(self):
        return np.stack([column.isna() for column in self.data.values()], axis=1)


class Polar(Column):
    """A column of Polars."""

    isna = None

    def __init__(self, values):
        super().__init__(values)
        del self.dtype

    def null_count(self):
        return int(np.isnan(self.values).sum())


def refuses(sentence, *arguments, **given):
    model = make_model()
    before = model.get_weights()
    with pytest.raises((TypeError, ValueError), match=sentence):
        model.fit(*arguments, **given, **QUIET)
    assert same_weights(before, model.get_weights())


# -- missing values -----------------------------------------------------------------------------------------------------


def test_a_mask_is_not_lost():
    masked = np.ma.masked_where(X > 1, X)
    count = int((X > 1).sum())
    sentence = rf"x is a masked array, and its mask \({count} entries\) would be lost\. Give each a value: x\.filled\(0\.0\)"
    refuses(sentence, masked, Y)
    refuses(
        r"x\[0\] is a masked array, .*x\[0\]\.filled\(0\.0\)\. Steps of zeros are left out by Masking\(0\.0\)", list(masked), Y
    )
    refuses(
        r"y is a masked array, .*y\.filled\(0\.0\), and sample_weight=, with 0 for what was masked", X, np.ma.masked_less(Y, 0)
    )


def test_a_masked_array_without_masked_entries_is_its_data():
    model = make_model()
    assert np.array_equal(model.predict(np.ma.array(X), **QUIET), model.predict(X, **QUIET))


def test_following_the_advice_leaves_masked_steps_out():
    x = np.ma.array(X, mask=np.zeros_like(X, bool))
    x[:, 3:] = np.ma.masked
    model = Sequential([Masking(0.0, input_shape=(T, D)), LSTM(3)])
    assert np.array_equal(model.predict(x.filled(0.0), **QUIET), model.predict(X, lengths=[3] * N, **QUIET))
    assert np.array_equal(model.predict(x.filled(0.0), lengths=[3] * N, **QUIET), model.predict(X, lengths=[3] * N, **QUIET))


def test_following_the_advice_leaves_masked_targets_out():
    y = np.ma.array(Y, mask=np.arange(N)[:, None] % 3 == np.zeros(C))
    weight = (~np.ma.getmaskarray(y).any(axis=1)).astype(float)
    spoiled, zeros = make_model(optimizer="sgd"), make_model(optimizer="sgd")
    spoiled.fit(X, y.filled(1e3), sample_weight=weight, shuffle=False, **QUIET)
    zeros.fit(X, y.filled(0.0), sample_weight=weight, shuffle=False, **QUIET)
    assert same_weights(spoiled.get_weights(), zeros.get_weights())


@pytest.mark.parametrize(
    ("values", "fill"), [(Column([1.0, np.nan, 2.0]), "fillna"), (Polar([np.nan, 2.0]), "fill_null")], ids=["column", "polars"]
)
def test_missing_values_do_not_become_nan(values, fill):
    count = 1
    sentence = rf"y has missing values \({count}\), which would become NaN\. Fill them, as y\.{fill}\(0\) does, or leave their"
    with pytest.raises(ValueError, match=sentence):
        as_real(values, "y")
    with pytest.raises(ValueError, match=r"x\[1\] has missing values \(1\)"):
        as_real([np.ones(3), values], "x")


def test_missing_values_of_a_table_are_found_in_its_nullable_columns():
    plain = np.dtype("float64")
    table = Frame(a=Column([1.0, 2.0], plain), b=Column([np.nan, np.nan], Nullable()))
    with pytest.raises(ValueError, match=r"x has missing values \(2\)"):
        as_real(table, "x")
    nan = as_real(Frame(a=Column([1.0, np.nan], plain), b=Column([3.0, 4.0], plain)), "x")
    assert nan.dtype == np.float64
    assert np.isnan(nan).sum() == 1  # what is NaN in NumPy too stays NaN


@pytest.mark.parametrize("values", [[1.0, None], np.array([1.0, None]), [[1.0], [None]]])
def test_none_does_not_become_nan(values):
    with pytest.raises(TypeError, match=r"y must be .* got dtype object\. Some entries are missing \(1, as None\)\. Fill them"):
        as_real(values, "y")


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


def test_nothing_is_missing():
    refuses("^x is missing. Give an array, a list of sequences, or a dataset", None, Y)
    refuses("^x is missing", None)
    refuses("^y is missing. Give one target a sample beside x", X)
    with pytest.raises(TypeError, match="x is None. Give an array of real numbers"):
        make_model().predict(None, **QUIET)


def test_sequences_to_pad_keep_their_masks_too():
    with pytest.raises(ValueError, match=r"sequences\[1\] is a masked array"):
        pad_sequences([[1, 2], np.ma.masked_equal([1, 2, 3], 2)])


class ObjectColumn(Column):
    """A column of Pandas that holds Python objects."""

    def __init__(self, values):
        self.values, self.dtype, self.ndim, self.shape = np.array(values, object), np.dtype(object), 1, (len(values),)


def test_missing_values_in_columns_of_objects_are_told_from_columns_without_numbers():
    numbers, words, holes = (ObjectColumn(values) for values in ([1, 2, 3], ["a", "b", None], [1.0, None, None]))
    filled = "Values are missing in the columns 'h' (2, as None). Fill them, as x.fillna(0) does, or leave their samples out."
    other = "There are no numbers in the columns 'w'. Leave them out, or convert each."
    for columns, sentence in (
        ({"n": numbers, "h": holes}, filled),
        ({"n": numbers, "w": words}, other),
        ({"w": words, "h": holes}, f"{other} {filled}"),
    ):
        with pytest.raises(TypeError) as raised:
            Dense(2)(Frame(**columns))
        assert str(raised.value).partition("got dtype object. ")[2].replace("dense's input", "x") == sentence
    assert Dense(2)(Frame(n=numbers, h=ObjectColumn([1.0, 0, 0]))).shape == (3, 2)


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
