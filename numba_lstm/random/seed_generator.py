"""SeedGenerator, and the keys of draws."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .. import philox
from ..kernels.specs import Key


class SeedGenerator:
    """Generator of seeds for the functions of :mod:`numba_lstm.random`, as ``keras.random.SeedGenerator``.

    Each draw with it takes other numbers, and all follow from its seed. In a layer's method ``call``, which is traced, the
    draws of a step follow from its seed and from the number of the step.

    Parameters
    ----------
    seed : int, optional
        A whole number from 0 to 2**64 - 1. Default: drawn from the default stream, which
        :func:`numba_lstm.set_random_seed` seeds.
    name : str, optional
        A name, without effect.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **unknown: Any) -> None:
        if unknown:
            raise TypeError(f"SeedGenerator takes a seed and a name, got {', '.join(unknown)}. Leave the others out.")
        low, high = (0, 0) if seed is not None else philox.words(philox.next_key(), 2).tolist()
        self.seed = philox.check_seed(low | high << 32 if seed is None else seed)
        self.name = name or "seed_generator"
        self._given = seed
        self._stream = philox.Stream(self.seed)

    @property
    def state(self) -> npt.NDArray[np.uint64]:
        """The seed and the number of the next draw."""
        return np.array([self.seed, self._stream.state["step"]], np.uint64)

    def next(self, ordered: bool = True) -> npt.NDArray[np.uint32]:
        """Return two random words, and go on to the next draw."""
        return philox.words(self.next_key(), 2)

    def next_key(self) -> Key:
        """Return the key of the next draw."""
        return self._stream.next_key()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal generator."""
        return {"seed": self._given, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a generator of the arguments of :meth:`get_config`."""
        return cls(**config)


Seed = int | SeedGenerator | None

#: How a traced draw names its seed: a generator's in a list, a fixed one, or None for that of the model.
TracedSeed = list[int] | int | None


def key_of(seed: Seed) -> Key:
    """Return the key of a draw: of the default stream, of a generator, or always the same one of a number."""
    if seed is None:
        return philox.next_key()
    return seed.next_key() if isinstance(seed, SeedGenerator) else Key(_checked(seed))


def traced_seed(seed: Seed) -> TracedSeed:
    """Return a seed as a JSON value."""
    if isinstance(seed, SeedGenerator):
        return [seed.seed]
    return None if seed is None else _checked(seed)


def _checked(seed: Any) -> int:
    try:
        return philox.check_seed(seed)
    except TypeError:
        raise TypeError(f"a seed must be a whole number or a SeedGenerator, got {seed!r:.80}. Leave it out.") from None
