"""Tables of text, drawn with box characters, or with ASCII if the output's encoding lacks them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TextIO

_BOX = "┏━┳┓┃┡━╇┩│├─┼┤└─┴┘"
_PLAIN = "+-++|+-++|+-+++-++"


def draw(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    widths: Sequence[int] | None = None,
    rules: bool = True,
    out: TextIO | None = None,
) -> list[str]:
    """Return the lines of a table.

    Parameters
    ----------
    headers : sequence of str
        Titles of the columns.
    rows : sequence of sequences of str
        Cells. Text that is longer than its column is wide is wrapped.
    right : sequence of str
        Headers of the right-aligned columns.
    widths : sequence of int, optional
        Characters of each column. Default: those of its longest cell.
    rules : bool
        Draw lines between the rows.
    out : text stream, optional
        Destination, whose encoding decides between box characters and ASCII.
    """
    if widths is None:
        widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    box = _BOX if can_encode(out, _BOX) else _PLAIN
    top, head, under, side, between, bottom = box[:4], box[4], box[5:9], box[9], box[10:14], box[14:]
    aligned = [str.rjust if header in right else str.ljust for header in headers]

    def rule(letters: str) -> str:
        return letters[0] + letters[2].join(letters[1] * (width + 2) for width in widths) + letters[3]

    def row(cells: Sequence[str], edge: str) -> list[str]:
        folded = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
        lines = []
        for k in range(max(map(len, folded))):
            columns = [align(f[k] if k < len(f) else "", w) for align, f, w in zip(aligned, folded, widths, strict=True)]
            lines.append(edge + edge.join(f" {column} " for column in columns) + edge)
        return lines

    lines = [rule(top), *row(headers, head), rule(under)]
    for k, cells in enumerate(rows):
        lines += [rule(between)] if rules and k else []
        lines += row(cells, side)
    return [*lines, rule(bottom)]


def can_encode(out: TextIO | None, text: str) -> bool:
    """Return whether a stream's encoding has all characters of ``text``."""
    try:
        text.encode(getattr(out, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
