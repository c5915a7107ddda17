"""A problem of an example as arrays, with a model and a score, for engines that train the same model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from numba_lstm import Model

Array = npt.NDArray[Any]
Loss = Literal["classes", "mse", "gaussian", "quantiles", "ctc"]


@dataclass(frozen=True)
class Problem:
    """Data, architecture and recipe of an example."""

    name: str
    score: str  #: what :meth:`score_of` returns
    loss: Loss
    x: list[Array]  #: inputs of the model, each (N, ...)
    y: Array  #: targets
    x_test: list[Array]
    y_test: Any  #: what :meth:`score_of` takes beside outputs
    build: Callable[[], Model]  #: returns a compiled model with new weights
    score_of: Callable[[Array, Any], float]  #: of outputs of the test, probabilities for classes; smaller is better
    rate: float  #: of Adam at first
    epochs: int
    batch: int
    clipnorm: float | None = None  #: of the gradient of each weight
    decays: bool = True  #: whether the rate falls to zero on half a cosine
    weights: Array | None = None  #: of the targets' steps, (N, T)
    levels: tuple[float, ...] = ()  #: of quantiles

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.epochs * batches(len(self.y), self.batch)

    @property
    def shape(self) -> str:
        """The shape of the inputs, for a table."""
        return ", ".join(" × ".join(map(str, x.shape)) for x in self.x)


def batches(samples: int, batch: int) -> int:
    """Return the batches of an epoch."""
    return -(-samples // batch)


def wrong(probabilities: Array, classes: Array) -> float:
    """Return the percentage of wrong classes."""
    return 100 * float(np.mean(probabilities.argmax(axis=-1) != classes))


def wrong_at_the_end(probabilities: Array, classes: Array) -> float:
    """Return the percentage of wrong classes of the last step."""
    return wrong(probabilities[:, -1], classes[:, -1])


def bits(probabilities: Array, tokens: Array, present: Array | None = None) -> float:
    """Return the bits of a token in the mean over those that are ``present``, by default all."""
    found = -np.log2(np.take_along_axis(probabilities, tokens[..., None], axis=-1)[..., 0].astype(np.float64))
    return float(found.mean() if present is None else found[present].mean())
