"""Every tolerance of the tests, each with its reason.

Errors are relative to the largest magnitude of an expected array (:func:`assert_close`), since a sum's error is that of its
largest terms. If the elements are independent, they are relative to one more than their magnitude (:func:`assert_each_close`).

The unit roundoff u is 6e-8 in float32 and 1.1e-16 in float64. Devices are compared with the reference *in float64* on the same
(float32) inputs, so that an error is the device's alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Central differences with a step of 1e-5 in float64 are wrong by the third derivative times 1e-10 / 6, and by 1e-16 / 1e-5.
FINITE_DIFFERENCES = 1e-6

#: One elementary function or a few operations in a row, each within a few u (tanh: 1e-7 absolute in float32).
ELEMENTWISE = {"float32": 5e-7, "float64": 5e-15}

#: A sum of at most some hundred products, in an order of its own: u times the number of terms at worst, its root in the mean.
SUMS = {"float32": 2e-6, "float64": 1e-14}

#: An LSTM: at each of at most some ten steps, errors of SUMS go through slopes and products of up to ten factors.
RECURRENT = {"float32": 1e-5, "float64": 1e-13}

#: The same with every option: a layer norm multiplies errors by up to 1 / sqrt(1e-3), where a row's variance is small, and with
#: one unit or input there is nothing to cancel them. In float64 a person's own log1p is right to 5e-15, and an example with
#: three norms and unbounded gates makes 1.4e-12 of it; there the reference is a hundred times further from long double than in
#: its neighbours.
RECURRENT_OPTIONS = {"float32": 5e-5, "float64": 5e-12}

#: Factor of the reference's error in float32 that a device may have beyond that tolerance. (Some ten of 28,000 random examples
#: need it, all but one with norms of three units. The worst error was 1.9e-4; where a gradient cancelled to 7e-6 it was 5.5e-4
#: of that, 4.6 times the reference's.)
REFERENCE_ERRORS = 10

#: Sums of thousands of products over thirty steps.
RECURRENT_LONG = {"float32": 1e-4, "float64": 1e-12}

#: Rows of x and h in 16 bits: each element is off by up to 2**-16 of its row's largest, and some ten of them add up to a z.
INT8 = 1e-4

#: Moments and updates: a few operations a step, with a root and a quotient.
UPDATES = {"float32": 2e-6, "float64": 1e-13}

#: Numbers of another framework, written down with ten digits after the point.
ANCHORS = 1e-10

#: Keras keeps the means that it reports in float32, whatever the model's dtype: some ten roundings of 6e-8.
KERAS_MEANS = 1e-6


#: A model read from another framework's file, against what that framework computed in float32: both have the errors of
#: RECURRENT, and exp and tanh of their own.
FOREIGN = 1e-5


def error(actual: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """The largest difference over the largest expected magnitude; NaN where one has a NaN that the other has not.

    Where all that is expected is zero, the largest difference itself.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    both_nan = np.isnan(actual) & np.isnan(expected)
    same = both_nan | (actual == expected)  # infinities: their difference would be NaN
    difference = np.max(np.abs(np.subtract(actual, expected, out=np.zeros_like(expected), where=~same)), initial=0)
    scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=0)
    return float(difference / scale if scale > 0 else difference)


def assert_close(actual: npt.ArrayLike, expected: npt.ArrayLike, tolerance: float, name: str = "") -> None:
    """Fail unless :func:`error` is at most ``tolerance``."""
    difference = error(actual, expected)
    assert difference <= tolerance, f"{name or 'array'}: error {difference:.2e}, allowed {tolerance:.0e}"


def assert_each_close(actual: npt.ArrayLike, expected: npt.ArrayLike, tolerance: float) -> None:
    """Fail unless each element differs by at most ``tolerance`` times one more than its magnitude."""
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
