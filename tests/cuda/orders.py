"""The random order in which the executor runs the blocks and threads of a launch, and what they wait for."""

from collections import Counter

from emulation import BLOCK, ENDED, GRID, SHUFFLE, VOTE, WARP

FULL_WARP = 32
PART = 1 / 8  #: probability that a part of the threads runs ahead; more would take longer than it finds
LEAVE = 1 / 4  #: probability that a block is left half-way, at a barrier, and that two blocks run concurrently
WAITS = {BLOCK: "syncthreads", GRID: "grid.sync", SHUFFLE: "a shuffle", VOTE: "a vote", WARP: "syncwarp"}


def alone_or_in_pairs(ids, order):
    """Yield lists of one block, and now and then of two."""
    left = list(ids)
    while left:
        count = 1 + leave(order)
        yield left[:count]
        left = left[count:]


def leave(order):
    """Return whether to go on with another block."""
    return bool(order.random() < LEAVE)


def part(order, threads):
    """Split threads in those that run now, all in most cases, and the others. Most warps are in one part."""
    if len(threads) == 1 or order.random() >= PART:
        return threads, []
    rank = order.permutation(max(threads) // FULL_WARP + 1)
    by_warps = sorted(order.permutation(threads).tolist(), key=lambda k: rank[k // FULL_WARP])
    count = int(order.integers(1, len(threads)))
    return by_warps[:count], by_warps[count:]


def who(state, threads):
    """Describe what threads wait for, from the event and the place of each."""
    where = Counter(state.values())
    said = [
        f"{count} at {WAITS[event]}" + (f" number {site}" if event == BLOCK else "")
        for (event, site), count in sorted(where.items())
        if event in WAITS
    ]
    ended = sum(count for (event, _), count in where.items() if event == ENDED)
    return ", ".join([*said, f"{ended} of {threads} threads have ended"])
