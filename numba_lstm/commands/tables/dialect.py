"""How a CSV file is written."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import CommandError


class Dialect(NamedTuple):
    """Delimiter, decimal point, encoding, and the format of times, which None leaves to a guess."""

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    time_format: str | None = None

    def check(self) -> None:
        """Raise CommandError if the delimiter is the decimal point, which a written file could not tell apart."""
        if self.delimiter == self.decimal:
            raise CommandError(f"--delimiter and --decimal are both {self.decimal!r}. Give another delimiter, such as ';'.")
