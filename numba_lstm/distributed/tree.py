"""Balanced binary tree of shards, in whose order their vectors are added: the bits do not depend on who adds what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.floating]
Node = tuple[int, int]  #: the shards from the first number to the one before the second


def split(node: Node) -> tuple[Node, Node]:
    """Return the two children of a node of several shards: the first one has the largest power of two below their number."""
    begin, end = node
    middle = begin + (1 << (end - begin - 1).bit_length() - 1)
    return (begin, middle), (middle, end)


@cache
def parents(shards: int) -> dict[tuple[Node, Node], Node]:
    """Return the parent of each two children in the tree of so many shards."""
    found: dict[tuple[Node, Node], Node] = {}
    pending = [(0, shards)]
    while pending:
        node = pending.pop()
        if node[1] - node[0] > 1:
            children = split(node)
            found[children] = node
            pending += children
    return found


def add_in_order(shards: int, entries: Iterable[tuple[Node, Vector]]) -> list[tuple[Node, Vector]]:
    """Add the vectors of neighbouring nodes wherever both children of a node are there.

    Parameters
    ----------
    shards : int
        Of the whole tree.
    entries : iterable of (node, vector)
        In the order of their shards. Vectors are overwritten.

    Returns
    -------
    list of (node, vector)
        The largest nodes that can be made of them; one for all shards.
    """
    parent, made = parents(shards), list[tuple[Node, Vector]]()
    for entry in entries:
        made.append(entry)
        while len(made) > 1 and (node := parent.get((made[-2][0], made[-1][0]))) is not None:
            (_, left), (_, right) = made[-2:]
            np.add(left, right, out=left)
            made[-2:] = [(node, left)]
    return made


@cache
def nodes_of(shards: int, begin: int, end: int) -> list[Node]:
    """Return the largest nodes that shards ``begin`` to ``end - 1`` make."""
    empty: Sequence[tuple[Node, Vector]] = [((place, place + 1), np.empty(0)) for place in range(begin, end)]
    return [node for node, _ in add_in_order(shards, empty)]
