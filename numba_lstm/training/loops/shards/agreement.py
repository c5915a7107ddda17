"""What all processes that train one model must have in common."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .... import philox
from ...batches import HostBatch, Ragged, Samples
from ...data.epochs import ArrayBatches, Batches
from ...protocols import Trainable
from ...strategy import Strategy

#: Samples whose bits are compared: reading all of a file would take long.
COMPARED = 16


def compare_processes(model: Trainable, strategy: Strategy, batches: dict[str, Batches | None], **arguments: Any) -> None:
    """Raise ValueError unless all processes train the same model on the same data.

    Compared are shapes and dtypes, the seed, the given ``arguments``, and the bits of a few samples.
    """
    if model.stateful:
        raise ValueError(
            f"{model.name} is stateful: its states belong to samples at fixed places of a batch, which a strategy cuts into "
            "shards. Compile it without a strategy, or train with tbptt, which carries states within a batch."
        )
    assert model.optimizer is not None
    facts: dict[str, Any] = {}
    facts["the weights"] = [(variable.path, variable.shape, str(variable.dtype)) for variable in model.trainable_weights]
    facts["the optimizer"] = type(model.optimizer).__name__
    facts["the seed"] = philox.given_seed()
    facts |= {f"the argument {name}": value for name, value in arguments.items()}
    for what, found in batches.items():
        facts |= {f"{what}: {name}": value for name, value in _facts(strategy, found).items()}
    strategy.compare(facts)


def _facts(strategy: Strategy, batches: Batches | None) -> dict[str, Any]:
    if batches is None:
        return {"batches": None}
    if isinstance(batches, ArrayBatches):
        samples = batches.samples
        return {"the shape": samples.shape, "batches": batches.steps, "the checksum of its samples": _checksum(samples)}
    shape = batches.input_shape if isinstance(batches.input_shape, tuple) else ()
    return {"the shape": shape[1:], "batches": None if strategy.local_batches else batches.steps}


def _checksum(samples: Samples | Ragged) -> int:
    """Return the checksum of a few samples with their targets and weights."""
    found, chosen = 0, np.unique(np.linspace(0, samples.size - 1, COMPARED).astype(int))
    fields = (samples.x, samples.target, samples.weight)
    for place in chosen.tolist():
        for field in fields:
            for array in field if isinstance(field, tuple) else (field,):
                if array is not None:
                    found = zlib.crc32(np.ascontiguousarray(array[place]).tobytes(), found)
    return found


def batches_of_all(strategy: Strategy, batches: Batches) -> Iterator[HostBatch]:
    """Yield the batches of an epoch, as long as all processes have one.

    Raises
    ------
    ValueError
        On all processes, if the batches of one end before those of another, or if whole batches have unequal sizes.
    """
    if isinstance(batches, ArrayBatches):
        yield from batches.epoch()
        return
    local, epoch = strategy.local_batches, batches.epoch()
    while True:
        batch = next(epoch, None)
        sizes = strategy.gather("sizes of batches", None if batch is None else batch.size)
        if None in sizes:
            if any(size is not None for size in sizes):
                first = sizes.index(None)
                raise ValueError(
                    f"the batches of rank {first} have ended, but those of others have not. Give all processes as many batches."
                )
            return
        assert batch is not None
        if not local and len(set(sizes)) > 1:
            raise ValueError(
                f"all processes must bring the same batches, but they have {sizes} samples by rank. Give the same ones, or "
                "DataParallel(local_batches=True) for batches of each process alone."
            )
        yield batch._replace(local=True, before=sum(sizes[: strategy.rank]), whole=sum(sizes)) if local else batch
