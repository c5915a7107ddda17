"""Shape of a problem: batch, steps, inputs and units."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Batch, steps, inputs (or tokens) and units of a model. Its flops are those of an LSTM."""

    N: int
    T: int
    D: int
    H: int

    def __str__(self) -> str:
        return f"{self.N} {self.T} {self.D} {self.H}"

    @classmethod
    def parse(cls, text: str) -> Shape:
        """``"32,100,64,128"`` (or with spaces) as N, T, D, H."""
        numbers = text.replace(",", " ").split()
        if len(numbers) != 4 or not all(n.isdecimal() and int(n) > 0 for n in numbers):
            raise ValueError(f"a shape is four whole numbers of at least 1, N,T,D,H, got {text!r}. For example 32,100,64,128.")
        return cls(*map(int, numbers))

    @property
    def forward_flops(self) -> int:
        """Multiplications and additions of the products in a forward pass."""
        return 2 * self.N * self.T * 4 * self.H * (self.D + self.H)

    @property
    def training_flops(self) -> int:
        """Those of a forward and a backward pass: dh, dW and dU; the gradient of x is nobody's."""
        return 2 * self.forward_flops + 2 * self.N * self.T * 4 * self.H * self.H
