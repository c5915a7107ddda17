"""timeseries_dataset_from_array: its windows, its orders, and that it is x of fit, evaluate and predict."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from numba_lstm import Sequential, layers
from numba_lstm.utils import timeseries_dataset_from_array

DATA, TARGETS = np.arange(40.0).reshape(20, 2), np.arange(20.0) * 10
CASES = [
    {"sequence_length": 3},
    {"sequence_length": 4, "sequence_stride": 3, "sampling_rate": 2, "batch_size": 2},
    {"sequence_length": 2, "start_index": 5, "end_index": 12, "batch_size": 3},
    {"sequence_length": 1, "sampling_rate": 7, "sequence_stride": 5},
]


def windows_of(sequence_length, sequence_stride=1, sampling_rate=1, start_index=0, end_index=20, batch_size=None):
    """Windows and targets, step by step."""
    steps = sampling_rate * np.arange(sequence_length)
    count = end_index - start_index - steps[-1]
    starts = [start_index + place for place in range(0, count, sequence_stride)]
    return np.array([DATA[start + steps] for start in starts]), np.array([TARGETS[start] for start in starts])


@pytest.mark.parametrize("arguments", CASES)
def test_windows_and_targets_are_those_of_their_definition(arguments):
    dataset = timeseries_dataset_from_array(DATA, TARGETS, **arguments)
    expected = windows_of(**arguments)
    batches = list(dataset)
    assert len(batches) == len(dataset)
    size = arguments.get("batch_size", 128)
    assert [len(x) for x, _ in batches] == [len(e) for e in np.split(expected[1], range(size, len(expected[1]), size))]
    for part, values in zip(zip(*batches, strict=True), expected, strict=True):
        np.testing.assert_array_equal(np.concatenate(part), values)
    alone = np.concatenate(list(timeseries_dataset_from_array(DATA, None, **arguments)))
    np.testing.assert_array_equal(alone, expected[0])


def test_fewer_targets_make_fewer_windows():
    ((x, y),) = timeseries_dataset_from_array(DATA[:-3], TARGETS[3:10], 3)
    np.testing.assert_array_equal(y, TARGETS[3:10])
    np.testing.assert_array_equal(x[:, 0], DATA[:7])


def test_a_shuffled_dataset_has_another_order_in_each_pass_and_one_seed_the_same_orders():
    a, b = (timeseries_dataset_from_array(DATA, TARGETS, 2, batch_size=4, shuffle=True, seed=5) for _ in range(2))
    orders = [np.concatenate([y for _, y in dataset]) for dataset in (a, a, b, b)]
    assert not np.array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[:2], orders[2:])
    np.testing.assert_array_equal(np.sort(orders[0]), TARGETS[:19])


def test_only_the_windows_of_a_batch_are_copied():
    data = np.lib.stride_tricks.as_strided(np.zeros(1), (10_000_000, 50), (0, 0))  # 4 GB, if anything copied it
    dataset = timeseries_dataset_from_array(data, None, 100, batch_size=3, sampling_rate=2)
    assert next(iter(dataset)).shape == (3, 100, 50)


def test_a_model_takes_the_dataset_in_fit_evaluate_and_predict():
    x, y = windows_of(3)
    dataset = timeseries_dataset_from_array(DATA, TARGETS, 3, batch_size=5)
    models = [Sequential([layers.Input((3, 2)), layers.LSTM(2), layers.Dense(1)], device="reference") for _ in range(2)]
    models[1].set_weights(models[0].get_weights())
    for model in models:
        model.compile("sgd", "mse")
    models[0].fit(dataset, epochs=2, verbose=0, validation_data=dataset)
    models[1].fit(x, y, batch_size=5, epochs=2, verbose=0, shuffle=False)
    assert all(np.array_equal(a, b) for a, b in zip(models[0].get_weights(), models[1].get_weights(), strict=True))
    assert models[0].evaluate(dataset, verbose=0) == models[1].evaluate(x, y, batch_size=5, verbose=0)
    np.testing.assert_array_equal(models[0].predict(dataset, verbose=0), models[1].predict(x, batch_size=5, verbose=0))


def test_methods_of_a_dataset_derive_others():
    dataset = timeseries_dataset_from_array(DATA, TARGETS, 2, batch_size=4)
    batches = list(dataset)
    for derived, expected in (
        (dataset.take(2), batches[:2]),
        (dataset.skip(3), batches[3:]),
        (dataset.map(lambda x, y: (x, y), num_parallel_calls=4).cache().prefetch(1), batches),
        (timeseries_dataset_from_array(DATA, TARGETS, 2, batch_size=None).batch(4), batches),
        (dataset.unbatch().batch(4, drop_remainder=True), batches[:4]),
    ):
        for a, b in itertools.zip_longest(derived, expected):
            np.testing.assert_array_equal(a[0], b[0])
            np.testing.assert_array_equal(a[1], b[1])
    x, y = batches[0]
    assert type(x.numpy()) is type(x[0].numpy()) is np.ndarray
    assert (x + 1).numpy().shape == (4, 2, 2)
    assert type(x.sum()) is np.float64
    assert [len(dataset.take(2)), len(dataset.skip(3)), dataset.map(abs).cardinality()] == [2, 2, 5]
    assert dataset.unbatch().cardinality() == -2
    with pytest.raises(TypeError, match="the number of batches is unknown"):
        len(dataset.unbatch())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"sequence_length": 21}, "there is no window: each spans 21 steps, and there are 20 with 20 targets"),
        ({"sequence_length": 2, "start_index": 20}, "start_index and end_index must be 0 <= start < end <= 20"),
        ({"sequence_length": 2, "end_index": 21}, "start_index and end_index must be 0 <= start < end <= 20"),
        ({"sequence_length": 2, "format": "jax"}, "format must be 'tf' or 'grain', got 'jax'"),
        ({"sequence_length": 0}, "sequence_length must be at least 1, got 0"),
        ({"sequence_length": 2, "sampling_rate": 0}, "sampling_rate must be at least 1, got 0"),
    ],
)
def test_windows_that_cannot_be_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        timeseries_dataset_from_array(DATA, TARGETS, **arguments)
