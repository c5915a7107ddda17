"""Random words, numbers and streams."""

from __future__ import annotations

import random as python_random

import numpy as np
import pytest

from numba_lstm import philox
from numba_lstm.kernels.specs import Key

KEY = Key(seed=0x1234_5678_9ABC_DEF0, step=7, tag=3)


@pytest.mark.parametrize(
    ("counter", "seed", "expected"),
    [
        ((0, 0, 0, 0), 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, 2**64 - 1, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            0x299F31D0_A4093822,
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_words_that_its_authors_published(counter, seed, expected):
    words = philox._philox([np.array([word], np.uint64) for word in counter], seed)
    assert tuple(words[0]) == expected


def test_words_count_blocks_in_the_counters_first_word():
    counter = [np.array([word], np.uint64) for word in (2, 0, KEY.step, KEY.tag)]
    assert np.array_equal(philox.words(KEY, 13)[8:12], philox._philox(counter, KEY.seed)[0])


@pytest.mark.parametrize("n", [0, 1, 4, 5, 11])
def test_a_longer_draw_of_words_starts_with_the_shorter_one(n):
    assert np.array_equal(philox.words(KEY, n), philox.words(KEY, 20)[:n])
    assert philox.words(KEY, n).dtype == np.uint32


@pytest.mark.parametrize("other", [Key(1, 7, 3), Key(KEY.seed, 8, 3), Key(KEY.seed, 7, 4)])
def test_every_part_of_a_key_matters(other):
    assert not np.any(philox.words(KEY, 50) == philox.words(other, 50))


def test_uniform_numbers_fill_the_unit_interval():
    u = philox.uniform(KEY, (40, 500))
    assert u.shape == (40, 500)
    assert u.dtype == np.float64
    assert u.min() >= 0
    assert u.max() < 1
    counts = np.histogram(u, 10, (0, 1))[0]
    assert np.all(np.abs(counts - 2000) < 5 * np.sqrt(2000))


def test_uniform_numbers_use_53_bits():
    u = philox.uniform(KEY, (200,)) * 2**53
    assert np.all(u == np.floor(u))
    assert 70 < np.sum(u % 2) < 130


def test_normal_numbers_have_the_moments_of_a_normal_distribution():
    z = philox.normal(KEY, (100_000,))
    assert abs(z.mean()) < 5 / np.sqrt(z.size)
    assert abs(z.var() - 1) < 5 * np.sqrt(2 / z.size)
    assert abs((z**4).mean() - 3) < 5 * np.sqrt(96 / z.size)
    assert abs((z[:-1] * z[1:]).mean()) < 5 / np.sqrt(z.size)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_longer_draw_of_normal_numbers_starts_with_the_shorter_one(n):
    assert np.array_equal(philox.normal(KEY, (n,)), philox.normal(KEY, (9,))[:n])


def test_truncated_normal_numbers_stay_within_two_standard_deviations():
    z = philox.truncated_normal(KEY, (100, 301))
    assert z.shape == (100, 301)
    assert 1.99 < np.abs(z).max() <= 2
    assert abs(z.std() - 0.8796) < 0.01


def test_a_permutation_holds_each_number_once():
    assert np.array_equal(np.sort(philox.permutation(KEY, 1001)), np.arange(1001))


def test_permutations_put_every_number_at_every_place_equally_often():
    places = np.array([philox.permutation(Key(5, step), 4) for step in range(2000)])
    counts = np.array([np.bincount(places[:, place], minlength=4) for place in range(4)])
    assert np.all(np.abs(counts - 500) < 5 * np.sqrt(500))


def test_a_stream_gives_no_key_twice():
    stream = philox.Stream(3)
    assert len({stream.next_key() for _ in range(100)}) == 100


def test_a_stream_goes_on_from_its_saved_state():
    stream = philox.Stream(2**64 - 1)
    stream.next_key()
    other = philox.Stream(0)
    other.state = stream.state
    assert other.next_key() == stream.next_key() == Key(2**64 - 1, 1)


def test_spawned_streams_differ_from_their_parent_and_each_other():
    stream = philox.Stream(3)
    seeds = {3, stream.spawn().state["seed"], stream.spawn().state["seed"]}
    assert len(seeds) == 3


def test_set_random_seed_repeats_our_numbers_pythons_and_numpys():
    def draw():
        philox.set_random_seed(2**40 + 1)
        return philox.next_key(), python_random.random(), np.random.random()

    assert draw() == draw()


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (2**64, ValueError), (1.5, TypeError), ("1", TypeError), (True, TypeError)]
)
def test_a_seed_must_be_a_whole_number_of_64_bits(seed, error):
    with pytest.raises(error, match="a seed must be"):
        philox.set_random_seed(seed)


def test_branches_of_a_models_keys_and_of_their_branches_have_tags_of_their_own():
    keys = [Key(1, 2, tag) for tag in range(256)]
    first = [philox.branch(key, index) for key in keys for index in range(8)]
    second = [philox.branch(key, index) for key in first for index in range(4)]
    tags = [key.tag for key in (*keys, *first, *second)]
    assert len(set(tags)) == len(tags)
    assert max(tags) < 2**32
    assert {(key.seed, key.step) for key in second} == {(1, 2)}
