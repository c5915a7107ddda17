"""The LSTM of a device against the reference, for random combinations of all options."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from kernel_cases import assert_lstm_equals_reference, lstm_forward, run_lstm
from lstm_options import COMBINATIONS, IN_BOTH_DTYPES, OPTIONS, TRIPLES, examples, missing_pairs
from tolerances import RECURRENT_OPTIONS, REFERENCE_ERRORS, assert_close, error

from numba_lstm.device import get_ops

#: The reference in float32 shows that the examples are sound: that their numbers stay finite and far from any edge.
DEVICES = ("reference", "cpu")


def lost(case):
    """What the reference loses in the case's dtype, of its outputs and gradients the worst."""
    found, exact = (run_lstm(get_ops("reference"), c) for c in (case, case.in_float64()))
    return max(error(found[name], value) for name, value in exact.items() if value is not None)


def compare(device, count, pool=COMBINATIONS):
    """Run ``count`` examples or a few more, as many of each triple of activations; how often each option occurred."""
    ops, counts = get_ops(device), Counter()

    def equals_the_reference(example):
        case, tolerance = example.case(), RECURRENT_OPTIONS[example.combination.dtype]
        if device != "reference" and example.combination.dtype == "float32":
            tolerance = max(tolerance, REFERENCE_ERRORS * lost(case))
        assert_lstm_equals_reference(ops, case, tolerance, need_dx=example.need_dx)
        if example.combination.has("inference"):
            found, expected = lstm_forward(ops, case), lstm_forward(get_ops("reference"), case.in_float64())
            for name, a, b in zip("yhc", found[:3], expected[:3], strict=True):
                assert_close(np.array(ops.to_host(a)), b, tolerance, f"{name} in inference")
        counts.update(["example", *example.options])

    each = settings(max_examples=-(-count // len(TRIPLES)), database=None, suppress_health_check=list(HealthCheck))
    for k in range(len(TRIPLES)):
        seed(k)(each(given(examples(k, pool))(equals_the_reference)))()
    return counts


def table(counts):
    """The counts, four on a line."""
    cells = [f"{name:26}{counts[name]:4}  " for name in OPTIONS]
    return "\n".join("".join(cells[k : k + 4]) for k in range(0, len(cells), 4))


def test_each_two_options_meet():
    assert missing_pairs(COMBINATIONS) == []


@pytest.mark.parametrize("device", DEVICES)
def test_random_combinations(device, capsys):
    counts = compare(device, 200)
    with capsys.disabled():
        print(f"\n{counts['example']} random LSTMs, {device} against the reference; how many had\n{table(counts)}")
    assert counts["example"] >= 200
    assert {name: counts[name] for name in OPTIONS if counts[name] < 20} == {}


@pytest.mark.slow
def test_ten_thousand_random_combinations():
    compare("cpu", 10_000, IN_BOTH_DTYPES)
