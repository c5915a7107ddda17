"""What an example returns: the rows of its table, its model, and a function that draws its picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..models import Model


@dataclass(frozen=True)
class Result:
    """Results of a run."""

    title: str  #: of the table
    headers: Sequence[str]  #: the first column has names, the others numbers
    rows: Sequence[Sequence[str]]
    draw: Callable[[Any], None]  #: draws into a ``matplotlib.figure.Figure``
    model: Model | None = None
    text: str = ""  #: lines to print after the table
    figures: dict[str, Any] = field(default_factory=dict)  #: numbers of the table and what tests check, by name
