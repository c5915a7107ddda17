"""Masked entries and missing values are errors that say how to fill them, and never become NaN or numbers."""

from __future__ import annotations

import numpy as np
import pytest
from data_frames import QUIET, Column, Nullable, refuses
from training_cases import C, D, N, T, X, Y, make_model, same_weights

from numba_lstm import Sequential, pad_sequences
from numba_lstm.inputs import as_real
from numba_lstm.layers import LSTM, Dense, Masking


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
