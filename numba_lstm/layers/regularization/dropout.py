"""Dropout: sets random elements to zero in training and scales the others up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ... import philox
from ...inputs import as_number
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key, PartKey
from ..base import Backward, Forward, Layer
from ..base.arguments import as_shape


class Dropout(Layer):
    """``x * keep / (1 - rate)`` in training, ``x`` else (Srivastava et al. 2014), as ``keras.layers.Dropout``.

    Parameters
    ----------
    rate : float
        The share of elements that are zeroed, from 0 to below 1.
    noise_shape : tuple, optional
        The shape of the mask, batch first, with 1 along axes that share it and None for an axis's own size:
        ``(None, 1, None)`` keeps or drops a feature at all steps alike.
    seed : int, optional
        In place of the model's.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For a rate outside [0, 1); in a call, for a ``noise_shape`` that does not fit the input.
    """

    ranks: ClassVar[tuple[int, ...]] = (2, 3, 4, 5)

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        self.rate = as_number(rate, "Dropout's rate, the share that is zeroed,", "[0, 1)")
        self.noise_shape = None if noise_shape is None else as_shape(noise_shape)
        self.seed = None if seed is None else philox.check_seed(seed)
        super().__init__(**kwargs)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        if not training or self.rate == 0:
            return Forward(x, mask=mask)
        key = self.key(rng)
        if self.noise_shape is not None and self.noise_shape[0] == 1 and isinstance(key, PartKey):
            key = key.whole()
        y, tape = ops.dropout_forward(x, self.rate, key, self._op_order(x.shape))
        return Forward(y, mask=mask, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return Backward(dy if tape is None else ops.dropout_backward(tape, dy))

    def _op_order(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return ``noise_shape`` time-major, with the sizes of ``shape`` in place of None."""
        if self.noise_shape is None:
            return None
        if len(shape) > 3:
            raise ValueError(f"{self.name} takes no noise_shape for samples of {len(shape) - 1} axes. Leave it out.")
        wanted = _swapped(self.noise_shape)
        if len(wanted) != len(shape) or any(w not in (None, 1, s) for w, s in zip(wanted, shape, strict=True)):
            raise ValueError(
                f"{self.name} expects each axis of noise_shape to be 1, None or that of the input {_swapped(shape)}, "
                f"got {self.noise_shape}."
            )
        return tuple(s if w is None else w for w, s in zip(wanted, shape, strict=True))

    def check_causal(self) -> None:
        """Each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        noise_shape = None if self.noise_shape is None else list(self.noise_shape)
        return {**super().get_config(), "rate": self.rate, "noise_shape": noise_shape, "seed": self.seed}


def _swapped(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """Swap the first two axes of a shape of rank 3 or more; return any other shape as it is."""
    return (shape[1], shape[0], *shape[2:]) if len(shape) > 2 else shape
