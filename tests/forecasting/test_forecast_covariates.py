"""Covariates of the past, of the future and of whole series: what they do, and further rows of them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

import pandas as pd
from forecast_cases import HORIZON, LONG, long_table, small, wave

from numba_lstm.forecasting.tables.covariates import read_covariates
from numba_lstm.forecasting.tables.frames import Columns

Y = wave()
STEPS = pd.date_range(Y.index[0], periods=len(Y) + HORIZON, freq="h")


def test_covariates_of_the_future_say_what_comes():
    rng = np.random.default_rng(0)
    flag = pd.Series(rng.choice(["low", "high"], len(STEPS)), STEPS, name="flag")
    level = pd.Series(rng.normal(size=len(STEPS)), STEPS, name="level")
    y = (np.where(flag == "high", 5.0, 1.0) + level)[: len(Y)].rename("y")
    model = small(epochs=60, learning_rate=0.02).fit(y[:-24], future_covariates=pd.DataFrame({"flag": flag, "level": level}))
    assert model.score(y) < 0.4
    with pytest.raises(ValueError, match="future_covariates must reach to 2024-01-07 21:00:00"):
        small().fit(y, future_covariates=level[:-2]).predict()
    assert len(small().fit(y, future_covariates=level[:-2]).predict(future_covariates=level[-10:])) == HORIZON
    with pytest.raises(ValueError, match="has 'middling', which fit did not see"):
        model.predict(future_covariates=pd.DataFrame({"flag": "middling", "level": level}))
    with pytest.raises(ValueError, match="must have the columns that fit saw"):
        model.predict(future_covariates=flag.to_frame())


def test_a_constant_covariate_may_change():
    price = pd.Series(19.99, STEPS, name="price")
    model = small(epochs=1).fit(Y, future_covariates=price)
    assert model._state.future.encodings[0].deviation == 1  # that of the numbers is 3.6e-15 by rounding
    price.iloc[-HORIZON:] = 24.99
    assert (model.predict(future_covariates=price) - model.predict()).abs().max().item() < 30


def test_further_rows_of_covariates_join_those_of_the_fit():
    table = long_table(pd.DataFrame({"a": Y}))
    day = pd.DataFrame({"day": np.arange(len(STEPS)) % 7.0}, STEPS)
    of_series = day.rename_axis("ds").reset_index().assign(unique_id="a")
    model = small(epochs=1, **LONG)
    for known, further in ((day, of_series), (of_series, day)):
        model.fit(table, future_covariates=known[: len(Y)])
        expected = model.predict(future_covariates=known[len(Y) :])
        pd.testing.assert_frame_equal(model.predict(future_covariates=further[len(Y) :]), expected)
    model.fit(table[:-1], past_covariates=of_series[: len(Y) - 1])
    stepped = model.stream().step(Y.iloc[-1], past_covariates={"day": day["day"].iloc[len(Y) - 1]})
    updated = model.update(table[-1:], past_covariates=of_series[len(Y) - 1 : len(Y)]).predict()
    pd.testing.assert_frame_equal(stepped, updated)


def test_covariates_of_the_past_and_of_series_reach_the_network():
    wide = pd.DataFrame({"a": Y, "b": Y})
    table = long_table(wide)
    past = table.assign(heat=np.arange(len(table)) % 5.0).drop(columns="y")
    static = pd.DataFrame({"unique_id": ["a", "b"], "kind": ["shop", "mill"], "size": [1.0, 2.0]})
    model = small(**LONG).fit(table, past_covariates=past, static_covariates=static)
    assert [x.shape[-1] for x in model.model_.input] == [2, 1, 3]
    result = model.predict()
    first, second = (result.loc[result["unique_id"] == key, "y"].to_numpy() for key in "ab")
    assert not np.allclose(first, second)
    with pytest.raises(ValueError, match="static_covariates has no row for series 'b'"):
        small(**LONG).fit(table, static_covariates=static[:1])
    with pytest.raises(ValueError, match="past_covariates must reach to"):
        small(**LONG).fit(table, past_covariates=past[past["ds"] < Y.index[-3]])
    with pytest.raises(ValueError, match="takes no past_covariates"):
        small(strategy="recursive", **LONG).fit(table, past_covariates=past)


TIMES = pd.Series(STEPS, STEPS, name="when")

WRONG = {
    "times": (TIMES, TypeError, "column 'when' of past_covariates has times, which are no covariate"),
    "names": (pd.concat([Y, Y], axis=1), ValueError, "past_covariates has several columns of the same name"),
    "grid": (Y.shift(30, "min"), ValueError, "past_covariates must begin at 2024-01-01 00:00:00"),
    "nothing": (pd.concat([Y[:1].shift(-30, "min"), Y.shift(30, "min")]).asfreq("h"), ValueError, "column without values"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_covariates_give_one_sentence(case):
    past, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        small(gaps="interpolate").fit(Y, past_covariates=past)


def test_numbers_in_columns_of_objects_are_no_categories():
    past = pd.Series([None, *range(len(Y) - 1)], Y.index, dtype=object, name="count")
    (encoding,) = read_covariates(past, "past_covariates", Columns(), None, Y.index.freq).encodings
    assert encoding.categories is None
    assert encoding.mean == (len(Y) - 2) / 2


def test_a_stream_takes_covariates():
    level = pd.Series(np.arange(len(STEPS)) % 7.0, STEPS, name="level")
    model = small().fit(Y[:-24], past_covariates=level.rename("past")[: len(Y) - 24], future_covariates=level)
    result = model.stream().step(Y.iloc[-24], past_covariates={"past": level.iloc[len(Y) - 24]})
    gapped = small(epochs=1, gaps="interpolate").fit(Y[:-24], future_covariates=level.drop(Y.index[-36]))
    pd.testing.assert_frame_equal(gapped.stream().predict(), gapped.predict())  # the first row of the stream is in the gap
    expected = model.update(Y[-24:-23], past_covariates=level.rename("past")[: len(Y) - 23]).predict()
    pd.testing.assert_frame_equal(result, expected)
