"""The LSTM on the CUDA device for all options at once, and for random combinations of them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from kernel_cases import assert_lstm_equals_reference, lstm_case, lstm_noise
from lstm_options import OPTIONS, TRIPLES, examples
from tolerances import RECURRENT_OPTIONS

from numba_lstm.kernels.specs import LSTMSpec

EVERY = LSTMSpec(clip=0.6, coupled=True, zoneout=(0.3, 0.2))

#: Each compiles ten kernels of its own. float64 is half of the random combinations.
float64 = pytest.param("float64", marks=pytest.mark.slow)


@pytest.mark.parametrize("dtype", ["float32", float64])
@pytest.mark.parametrize(("normed", "projected"), [(False, None), (True, 5)])
def test_lstm_with_every_option(ops, dtype, normed, projected):
    case = lstm_case(N=17, T=3, H=18, P=projected, normed=normed, peephole=True, masked=True, dtype=dtype, spec=EVERY)
    noise = lstm_noise(case, inputs=True, recurrent=True, zoneout_h=True, zoneout_c=True)
    assert_lstm_equals_reference(ops, case.but(noise=noise), RECURRENT_OPTIONS[dtype])


def compare(ops, total):
    """Run ``total`` examples, of each second triple of activations in turn; how often each option occurred.

    These have all activations. Each example compiles some ten kernels, so the usual run has one of each triple.
    """
    counts = Counter()

    def equals_the_reference(example):
        tolerance = RECURRENT_OPTIONS[example.combination.dtype]
        assert_lstm_equals_reference(ops, example.case(), tolerance, need_dx=example.need_dx)
        counts.update(["example", *example.options])

    chosen = range(0, len(TRIPLES), 2)
    for n, k in enumerate(chosen):
        count = len(range(n, total, len(chosen)))
        # failing examples are not shrunk, since each step of that would compile kernels
        each = settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
        seed(k + 101)(each(given(examples(k))(equals_the_reference)))()
    return counts


def test_random_combinations(ops):
    counts = compare(ops, 9)
    assert counts["example"] == 9
    assert {name: counts[name] for name in OPTIONS if not counts[name]} == {}


@pytest.mark.slow
def test_many_random_combinations(ops):
    compare(ops, 20 * len(TRIPLES))
