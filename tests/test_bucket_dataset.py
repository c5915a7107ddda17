"""``BucketDataset``: padding by batch, shuffles by epoch, several inputs, and refused input."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Input, Model
from numba_lstm.layers import LSTM, Concatenate, Dense, Embedding
from numba_lstm.utils import BucketDataset, set_random_seed

LENGTHS = [3, 9, 1, 4, 4, 2, 8, 5, 7, 6]


def sequences(lengths=LENGTHS, width=None):
    rng = np.random.default_rng(4)
    return [rng.integers(1, 9, length if width is None else (length, width)) for length in lengths]


def test_each_sequence_is_in_one_batch_and_padded_at_its_end():
    x = sequences()
    seen = []
    for batch, numbers in BucketDataset(x, np.arange(len(x)), batch_size=3, value=-1):
        assert batch.shape[1] == max(len(x[number]) for number in numbers)
        for row, number in zip(batch, numbers, strict=True):
            np.testing.assert_array_equal(row, [*x[number], *[-1] * (len(row) - len(x[number]))])
        seen.extend(numbers)
    assert sorted(seen) == list(range(len(x)))


def test_targets_and_weights_are_padded_too_and_padding_weighs_nothing():
    x, y = sequences(width=2), sequences([length + 1 for length in LENGTHS])
    data = BucketDataset(x, y, [np.ones(len(row)) for row in y], batch_size=4, pad_to_multiple_of=4, value=7, seed=1)
    for inputs, targets, weights in data:
        assert inputs.shape[1] % 4 == targets.shape[1] % 4 == 0
        assert weights.shape == targets.shape
        assert (targets[weights == 0] == 7).all()
    assert sum(batch[2].sum() for batch in data) == sum(map(len, y))


def test_an_epoch_repeats_by_its_seed_and_the_next_has_other_batches():
    def epochs(seed):
        data = BucketDataset(sequences(), np.arange(len(LENGTHS)), batch_size=2, seed=seed)
        for _ in range(2):
            yield [tuple(numbers) for _, numbers in data]
            data.on_epoch_end()

    first, second = epochs(3)
    assert [first, second] == list(epochs(3))
    assert first != second
    still = BucketDataset(sequences(), np.arange(len(LENGTHS)), batch_size=2, shuffle=False)
    before = [tuple(numbers) for _, numbers in still]
    still.on_epoch_end()
    assert before == [tuple(numbers) for _, numbers in still]


def test_without_a_seed_the_global_one_counts():
    found = []
    for _ in range(2):
        set_random_seed(5)
        found.append([tuple(numbers) for _, numbers in BucketDataset(sequences(), np.arange(len(LENGTHS)), batch_size=2)])
    assert found[0] == found[1]


def model():
    set_random_seed(0)
    source, before = Input((None,), name="source"), Input((None,), name="before")
    embed = Embedding(10, 3, mask_zero=True)
    _, h, c = LSTM(4, return_state=True)(embed(source))
    y = LSTM(4, return_sequences=True)(embed(before), initial_state=[h, c])
    net = Model([source, before], Dense(10, "softmax")(Concatenate()([y, y])))
    net.compile("adam", "sparse_categorical_crossentropy")
    return net


@pytest.mark.parametrize("named", [False, True])
def test_a_model_of_two_inputs_learns_from_it_as_from_its_batches(named):
    x, y = sequences(), sequences([length + 1 for length in LENGTHS])
    inputs = {"source": x, "before": y} if named else (x, y)
    data = BucketDataset(inputs, y, [np.ones(len(row)) for row in y], batch_size=4, seed=2)
    first, second = model(), model()
    losses = first.fit(data, epochs=2, verbose=0, shuffle=False).history["loss"]
    data = BucketDataset(inputs, y, [np.ones(len(row)) for row in y], batch_size=4, seed=2)
    for _ in range(2):
        for batch in data:
            second.train_on_batch(*batch)
        data.on_epoch_end()
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert losses[1] < losses[0]
    assert len(first.predict(BucketDataset(inputs, batch_size=10, shuffle=False), verbose=0)) == len(x)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"x": [[1, 2], [3]], "y": [1, 2, 3]}, "the same number of samples"),
        ({"x": np.zeros((3, 4))}, "must have a list of sequences"),
        ({"x": []}, "at least one sample"),
        ({"x": [[1, 2], [[3, 4]]]}, "(2,)"),
        ({"x": [[1, 2], [3]], "batch_size": 0}, "batch_size"),
        ({"x": [[1, 2], [3]], "pad_to_multiple_of": 1.5}, "pad_to_multiple_of"),
        ({"x": [[1, 2], [3]], "value": 0.5}, "0.5"),
        ({"x": [["a"], ["b", "c"]]}, "numbers"),
    ],
)
def test_wrong_input_is_one_sentence(arguments, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        BucketDataset(**arguments)
    assert sentence in str(caught.value)
