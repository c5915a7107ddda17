"""Minimal stand-ins for the columns and tables of Pandas, Polars and Arrow."""

from __future__ import annotations

import numpy as np
import pytest
from training_cases import make_model, same_weights

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


def refuses(sentence, *arguments, **given):
    model = make_model()
    before = model.get_weights()
    with pytest.raises((TypeError, ValueError), match=sentence):
        model.fit(*arguments, **given, **QUIET)
    assert same_weights(before, model.get_weights())
