"""Small moments of the rules on the CPU: a denormal one becomes zero, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import UpdateSpec
from numba_lstm.variables import Variable

pytestmark = pytest.mark.on_the_cpu(reason="other devices do not flush denormal numbers")

#: Rules that make smaller what they keep where gradients are 0, and how many slots they have.
SHRINKING = [
    (UpdateSpec("adadelta", rho=0.5), 2),
    (UpdateSpec("adamax", beta_1=0.5, beta_2=0.5), 2),
    (UpdateSpec("lion", beta_2=0.5), 1),
]


def after(spec, count, size, dtype):
    weight = Variable(np.ones(21, dtype))
    slots = [Variable(np.full(21, size, dtype)) for _ in range(count)]
    get_ops("cpu").update([weight], [np.zeros(21, dtype)], [slots], spec, step=1, rate=0.5)
    return slots


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("spec", "count"), SHRINKING, ids=[spec.name for spec, _ in SHRINKING])
def test_what_is_denormal_becomes_zero_and_nothing_larger(spec, count, dtype):
    smallest = float(np.finfo(dtype).smallest_normal)
    for slot in after(spec, count, smallest, dtype):
        assert not slot.value.any()
    for slot in after(spec, count, 2 * smallest, dtype):
        assert np.all(slot.value == smallest)
