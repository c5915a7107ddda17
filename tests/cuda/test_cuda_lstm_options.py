"""The LSTM on the CUDA device for random combinations of all options."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from kernel_cases import assert_twin_lstm
from lstm_options import OPTIONS, TRIPLES, examples
from tolerances import RECURRENT_OPTIONS


def compare(ops, total):
    """Run ``total`` examples, of each triple of activations in turn; how often each option occurred."""
    counts = Counter()

    def equals_the_witness(example):
        tolerance = RECURRENT_OPTIONS[example.combination.dtype]
        assert_twin_lstm(ops, example.case(), tolerance, need_dx=example.need_dx)
        counts.update(["example", *example.options])

    for k in range(len(TRIPLES)):
        count = len(range(k, total, len(TRIPLES)))
        # a failing example is not made smaller: each step of that would compile kernels
        each = settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
        seed(k + 100)(each(given(examples(k))(equals_the_witness)))()
    return counts


def test_random_combinations(ops):
    counts = compare(ops, 30)
    assert counts["example"] == 30
    assert {name: counts[name] for name in OPTIONS if not counts[name]} == {}


@pytest.mark.slow
def test_many_random_combinations(ops):
    compare(ops, 20 * len(TRIPLES))
