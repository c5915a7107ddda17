"""Short runs of examples, in this process."""

from __future__ import annotations

import importlib.util
from functools import cache

import numpy as np
import pytest

from numba_lstm.device import get_device, set_device
from numba_lstm.examples import catalog, command
from numba_lstm.examples.options import parse


def needs(name):
    """A mark that skips a test where a package with the data of an example is missing."""
    missing = catalog.find(name).missing()
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")


@cache
def short_run(name, *arguments):
    """Return the result of an example with options of its command."""
    example = catalog.find(name)
    options = parse(example, arguments)
    options.verbose = 0
    device = get_device()
    try:
        return command.run(example, options)
    finally:
        set_device(device)


def assert_drawn(result):
    """Draw the picture of a result, and check that it is one."""
    if importlib.util.find_spec("matplotlib") is None:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout="constrained")
    result.draw(figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert np.asarray(canvas.buffer_rgba()).std() > 1  # not one colour
