"""Plans of predictions: taken where they should be, with the bits of single ops."""

from __future__ import annotations

import tracemalloc
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from dtypes_in_turn import dtypes_in_turn
from prediction_models import STACKS, D, built, planned, run_ops, sequences

from numba_lstm import Sequential, get_num_threads, set_num_threads
from numba_lstm.layers import LSTM, Bidirectional, Dense, Input
from numba_lstm.models.plans.prediction import LINE, MAX_BYTES, MAX_REMEMBERED, MAX_SAMPLES, MAX_SHAPES, MAX_STEPS

on_the_cpu = pytest.mark.on_the_cpu(reason="other devices have no plans")

WITHOUT_PLANS = {
    "stateful": (lambda: [LSTM(4, stateful=True)], "is stateful"),
    "stateful inside": (lambda: [Bidirectional(LSTM(4, stateful=True))], "is stateful"),
    "a penalty of outputs": (lambda: [LSTM(4), Dense(2, activity_regularizer="l2")], "has an activity_regularizer"),
}


@on_the_cpu
@pytest.mark.parametrize(("layers", "dtype"), dtypes_in_turn({name: (layers,) for name, layers in STACKS.items()}))
def test_predict_by_plans_has_the_bits_of_a_batch(layers, dtype):
    model, x = built(layers, dtype), sequences(71)
    batch = run_ops(model, x)
    for first, last in ((0, 1), (1, 2), (2, 4), (3, 6), (4, 8), (5, 10), (6, 12), (7, 20), (0, 71)):
        few = planned(model, x[first:last])
        assert few.tobytes() == batch[first:last].tobytes() == model(x[first:last]).tobytes()
        assert model.predict_on_batch(x[first:last]).tobytes() == few.tobytes()
    assert model.predict(x, batch_size=9, verbose=0).tobytes() == batch.tobytes()


@on_the_cpu
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("units", [2, 5, 6, 9, 12, 17, 20, 24, 31, 33, 40, 48, 50, 52, 63, 64, 100, 112])
def test_dense_layers_of_any_width(units, dtype):
    """However a device cuts their columns, which one call finds in a program and an op in its kernel."""
    model, x = built(lambda: [LSTM(8), Dense(units, activation="tanh")], dtype), sequences(7)
    batch, stream = run_ops(model, x), model.stream()
    for step in x[0]:
        y = stream.step(step.astype(dtype))
    assert y.tobytes() == model(x[:1]).tobytes() == batch[:1].tobytes()
    assert model(x).tobytes() == batch.tobytes()


@on_the_cpu
@pytest.mark.parametrize(("layers", "reason"), WITHOUT_PLANS.values(), ids=WITHOUT_PLANS)
def test_models_without_plans_say_why(layers, reason):
    model = built(layers)
    for x in [sequences(3)] * 2:
        assert model.prediction_plans(x) is None
        assert model(x).shape[0] == 3
    assert model.path().startswith("ops: ")
    assert model.path().endswith(reason)


@on_the_cpu
@pytest.mark.parametrize("layers", STACKS.values(), ids=STACKS)
def test_the_path_is_a_plan_unless_run_eagerly_is_set(layers):
    model = built(layers)
    assert model.path() == "plan"
    model.run_eagerly = True
    assert model.path() == "ops: run_eagerly is set"
    assert model.prediction_plans(sequences(2)) is None


@on_the_cpu
@pytest.mark.parametrize("layers", STACKS.values(), ids=STACKS)
def test_predict_with_lengths_has_the_bits_of_single_ops(layers):
    model, x = built(layers), sequences(5)
    if model.path() == "plan":
        lengths = [7, 1, 3, 5, 2]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a layer that takes no mask
            one, two, three = (model.predict(x, lengths=lengths, verbose=0) for _ in range(3))
            model.run_eagerly = True
            expected = model.predict(x, lengths=lengths, verbose=0)
        assert one.tobytes() == two.tobytes() == three.tobytes() == expected.tobytes()


@on_the_cpu
def test_prediction_plans_leave_out_large_batches():
    model, deep = (
        Sequential([Input((None, D)), LSTM(4)]),
        Sequential([Input((None, D)), LSTM(300, return_sequences=True), LSTM(2)]),
    )
    steps = MAX_BYTES // (MAX_SAMPLES * (300 * 4 + LINE))
    for _ in range(2):
        assert model.prediction_plans(np.zeros((1, MAX_STEPS + 1, D))) is None
        assert model.prediction_plans(np.zeros((MAX_SAMPLES + 1, 1, D))) is None
        assert model.prediction_plans(np.zeros((0, 7, D))) is None
        assert model.prediction_plans(np.zeros((2, 0, D))) is None
        assert deep.prediction_plans(np.zeros((MAX_SAMPLES, steps + 1, D))) is None
    assert planned(deep, np.zeros((MAX_SAMPLES, steps, D))) is not None


@on_the_cpu
def test_prediction_plans_are_of_the_last_few_shapes():
    model = built(STACKS["keras example"])
    expected = run_ops(model, sequences(9))
    for N in (1, 2, 3, 4, 5, 9, 1, 5, 6, 7, 8):
        for _ in range(2):
            assert model(sequences(9)[:N]).tobytes() == expected[:N].tobytes()
        assert len(model.prediction_plans.shapes) <= MAX_SHAPES
    assert [1 if shape == "stream" else shape[1] for shape in model.prediction_plans.shapes] == [1, 6, 7, 8]  # the last ones


@on_the_cpu
def test_the_first_shape_has_a_plan_and_others_when_they_come_again():
    model = built(STACKS["keras example"])
    assert model.prediction_plans(sequences(40)) is not None
    for N in range(2, 2 + MAX_REMEMBERED + 1):
        assert model.prediction_plans(sequences(N)) is None
    assert model.prediction_plans(sequences(2)) is None  # forgotten
    assert model.prediction_plans(sequences(5)) is not None


@on_the_cpu
def test_prediction_plans_keep_no_input():
    model = built(STACKS["keras example"])
    for N in (1, 5):
        x = sequences(N).astype(np.float32)
        planned(model, x)
        left = weakref.ref(x)
        del x
        assert left() is None


@on_the_cpu
@pytest.mark.parametrize("N", [1, 2])
def test_products_ahead_that_are_kept_fit_every_length(N):
    model, long = Sequential([Input((None, 420)), LSTM(40), Dense(1)]), 450 // N  # some chunks and what they leave
    x, before = np.random.default_rng(6).normal(size=(N, long, 420)), get_num_threads()
    try:
        set_num_threads(1)
        for T in (20, 30, 20, long, 25, long, 20):
            for given in (x[:, :T], -x[:, :T]):
                assert planned(model, given).tobytes() == run_ops(model, given).tobytes()
    finally:
        set_num_threads(before)


@on_the_cpu
def test_sequences_of_many_lengths_keep_no_memory():
    """A length takes some 100 kB for its product ahead, and those of two lengths are kept."""
    model, x = Sequential([Input((None, 420)), LSTM(40), Dense(1)]), np.zeros((1, 450, 420), np.float32)
    for T in (450, 449, 448):
        model(x[:, :T])
    tracemalloc.start()
    try:
        for T in range(60, 440, 10):
            model(x[:, :T])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


@on_the_cpu
@pytest.mark.parametrize("options", [{}, {"layer_norm": True}], ids=["panels", "whole rows"])
@pytest.mark.parametrize("T", [7, 16])  # rows of 560 bytes; of 1280, and with 16 features of 1024, which share cache sets
@pytest.mark.parametrize("features", [20, 16, 3])
def test_predict_of_any_layout_has_the_same_bits(features, T, options):
    """All layouts have the same bits."""
    model = Sequential([Input((T, features)), LSTM(9, **options), Dense(2)])
    x = np.random.default_rng(0).normal(size=(13, T, features)).astype(np.float32)
    expected = run_ops(model, x)
    backwards, same = x[::-1, ::-1].copy()[::-1, ::-1], np.broadcast_to(x[:1], x.shape)
    for layout in (x, np.asfortranarray(x), np.repeat(x, 2, axis=2)[:, :, ::2], x.astype(np.float64), backwards):
        np.testing.assert_array_equal(planned(model, layout), expected)
        np.testing.assert_array_equal(planned(model, layout[2:3]), expected[2:3])
    np.testing.assert_array_equal(planned(model, same), np.repeat(expected[:1], len(x), axis=0))
    for rows in (1, 2, 6):
        np.testing.assert_array_equal(planned(model, x[:rows]), expected[:rows])


@on_the_cpu
def test_rows_are_shared_by_threads_and_keep_their_bits():
    model, x = Sequential([Input((7, D)), LSTM(60), Dense(2)]), sequences(150)  # some 17 million multiplications
    expected, before = run_ops(model, x), get_num_threads()
    try:
        for threads in (1, 2, 3):
            set_num_threads(threads)
            assert planned(model, x).tobytes() == expected.tobytes()
    finally:
        set_num_threads(before)


@on_the_cpu
def test_one_sequence_is_a_streams_where_no_threads_would_share_its_panels():
    small, large = (Sequential([Input((150, 64)), LSTM(units), Dense(2)]) for units in (128, 256))
    x, before = np.zeros((1, 150, 64), np.float32), get_num_threads()
    try:
        set_num_threads(2)
        for model, streams in ((small, True), (large, False)):
            model(x[:, :9])  # the first length has a plan
            planned(model, x)
            assert ("stream" in model.prediction_plans.shapes) == streams
    finally:
        set_num_threads(before)


def test_predict_in_eight_threads_shares_no_states():
    model, x = built(STACKS["deep"]), sequences(40)
    expected = run_ops(model, x)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: model(x[n % 40, None]), range(400)))
    assert all(answer.tobytes() == expected[n % 40].tobytes() for n, answer in enumerate(answers))
