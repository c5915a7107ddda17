"""Small helpers, as ``keras.utils``."""

from __future__ import annotations

from . import names
from .random import set_random_seed
from .sequences import pad_sequences

__all__ = ["clear_session", "pad_sequences", "set_random_seed"]


def clear_session(free_memory: bool = True) -> None:
    """Start the counters of default names again, as ``keras.utils.clear_session``: the next LSTM is ``lstm``.

    Parameters
    ----------
    free_memory : bool
        As in Keras; here nothing outlives its model, so there is nothing to free.
    """
    names.reset()
