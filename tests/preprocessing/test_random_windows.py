"""``RandomWindows``: windows lie in their sequences, differ between epochs, and depend on the seed alone."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential, set_random_seed
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.preprocessing import RandomWindows

LENGTHS = (5, 9, 30)
SEQUENCES = [100.0 * n + np.arange(steps)[:, None] for n, steps in enumerate(LENGTHS)]


def epoch(data):
    xs, ys = zip(*data, strict=True)
    return np.concatenate(xs), np.concatenate(ys)


def test_windows_are_steps_of_their_sequence_with_its_target():
    data = RandomWindows(SEQUENCES, [7, 8, 9], 5, batch_size=4, windows=6, seed=1)
    assert len(data) == 5  # 18 windows
    x, y = epoch(data)
    np.testing.assert_array_equal(np.diff(x, axis=1), 1)
    np.testing.assert_array_equal(x[:, 0, 0] // 100 + 7, y)
    np.testing.assert_array_equal(np.bincount(y)[7:], [6, 6, 6])
    starts = x[:, 0, 0] % 100
    assert set(starts[y == 7]) == {0}
    assert len(set(starts[y == 9])) > 3


def test_targets_of_steps_are_cut_as_the_windows():
    x, y = epoch(RandomWindows(SEQUENCES, [-sequence for sequence in SEQUENCES], 3, windows=4))
    np.testing.assert_array_equal(x, -y)


def test_epochs_differ_and_seeds_repeat():
    def starts(seed):
        data = RandomWindows(
            SEQUENCES, [0, 1, 2], 5, windows=5, seed=seed, transform=lambda x, draw: x + draw.normal(size=x.shape)
        )
        first = epoch(data)[0]
        np.testing.assert_array_equal(first, epoch(data)[0])  # a batch is the same whenever it is read
        data.on_epoch_end()
        return first, epoch(data)[0]

    one, again, other = starts(1), starts(1), starts(2)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(*one)
    assert not np.array_equal(one[0], other[0])
    set_random_seed(3)
    default = starts(None)
    set_random_seed(3)
    np.testing.assert_array_equal(default, starts(None))


def test_a_model_learns_from_windows():
    model = Sequential([Input((None, 1)), LSTM(2), Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(RandomWindows(SEQUENCES, np.zeros((3, 1)), 5, windows=2), epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize(
    ("targets", "length", "sentence"),
    [
        ([0, 1], 5, "got 3 sequences and 2 targets"),
        ([0, 1, 2], 6, r"sequences\[0\] has shape \(5, 1\), but a window has 6 steps"),
        ([np.zeros(5), np.zeros(9), np.zeros(29)], 5, r"targets\[2\] has shape \(29,\), but sequences\[2\] has 30 steps"),
    ],
)
def test_what_does_not_fit_is_an_error(targets, length, sentence):
    with pytest.raises(ValueError, match=sentence):
        RandomWindows(SEQUENCES, targets, length)
