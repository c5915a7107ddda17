"""Instructions of a step of LSTM(H) and Dense(1) on a Cortex-M7, and bytes: ``python -m benchmarks.cortex_m7``.

It needs ``arm-none-eabi-gcc`` with newlib, and ``qemu-system-arm``, which knows nothing of pipelines, caches and memory. So the
figures are instructions, and no cycles.
"""

from __future__ import annotations

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input

from .board import counted

#: Features and units.
SHAPES = [(1, 8), (1, 16), (1, 24), (1, 40), (3, 50), (16, 128)]


def main() -> None:
    """Print a table."""
    print("".join(f"{word:>14}" for word in ("D/H", "instructions", "flash", "RAM", "stack")))
    for D, H in SHAPES:
        counts = counted(Sequential([Input((None, D)), LSTM(H), Dense(1)]))
        print(f"{f'{D}/{H}':>14}" + "".join(f"{number:>14,}" for number in counts[:4]), flush=True)


if __name__ == "__main__":
    main()
