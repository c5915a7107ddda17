"""DataParallel: the strategy that trains one model on several processes, with the same bits on any number of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import __version__
from .. import device as devices
from ..callbacks.base import Resumption
from ..inputs import as_count
from ..objects.serialization import choose
from ..training.batches import HostBatch
from .exchange import WIRES, Exchange
from .failures import end_job_on_exceptions
from .tree import Vector


class DataParallel:
    """Trains a model on all processes that ``mpiexec`` starts, each of which computes a part of every batch.

    ``batch_size`` is that of the whole batch, as in ``keras.distribution.DataParallel``. A batch is cut into ``shards``. Each
    process computes as many of them as every other, one after the other. The gradients of all shards are added in the order of
    a balanced binary tree. So weights, losses and metrics have **the same bits on any number of processes** that divides
    ``shards``, one process among them. All processes have all results.

    Rank 0 gives all others its initial weights, the state of its optimizer and of its random numbers. It alone prints and
    writes files. All processes call the same methods with the same data; each reads the samples of its own shards only, so an
    array may be mapped from a file (``numpy.load(path, mmap_mode="r")``).

    BatchNormalization takes the mean and variance of each shard, as PyTorch's ``DistributedDataParallel`` takes those of each
    process. Dropout and noise are those of a training without a strategy: each sample draws by its place in the batch.
    ``predict`` is not divided: see :func:`numba_lstm.distributed.predict`.

    Parameters
    ----------
    shards : int
        Parts of each batch, a multiple of the number of processes. It decides about bits, the number of processes does not.
    wire : "float32" or "bfloat16"
        Format in which gradients travel. bfloat16 halves the bytes, and rounds each sum that travels to 8 bits: a relative
        error of up to 2**-8 in each. Bits then depend on the number of processes. Losses and statistics are not rounded.
    local_batches : bool
        Whether the batches of an iterable or a dataset are those of each process alone, made by its :attr:`rank`, of equal
        sizes. Else all processes bring the same whole batches.
    communicator : mpi4py.MPI.Comm, optional
        The processes; by default all of the job.

    Raises
    ------
    ImportError
        Without mpi4py.
    TypeError, ValueError
        For shards that the processes cannot share equally, and other wrong arguments.

    Notes
    -----
    An exception that nobody catches prints its traceback, and ends all processes with exit code 1. So does a process that ends
    while others wait for it. Processes of one machine share its cores: unless a number of threads is chosen, each takes its
    part of them. On several GPUs each takes that of its rank on the machine; make the strategy before anything else computes.

    Examples
    --------
    In ``train.py``, which ``mpiexec -n 4 python train.py`` starts four times::

        from numba_lstm.distributed import DataParallel

        strategy = DataParallel(shards=8)
        model.compile("adam", "mse", strategy=strategy)
        model.fit(x, y, batch_size=256)
    """

    def __init__(self, shards: int, wire: str = "float32", local_batches: bool = False, communicator: Any = None) -> None:
        communicator = _world() if communicator is None else communicator
        shards, ranks = as_count(shards, "shards"), communicator.size
        choose(wire, WIRES, "wire")
        if shards % ranks:
            raise ValueError(
                f"{ranks} processes cannot share {shards} shards equally. Give a multiple of {ranks}, as shards={ranks * 2}."
            )
        self._exchange = Exchange(communicator, shards, wire)
        self._shards, self._local_batches = shards, bool(local_batches)
        end_job_on_exceptions(communicator)
        _share_machine(communicator)

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        return int(self._exchange.rank)

    @property
    def ranks(self) -> int:
        """The number of processes."""
        return int(self._exchange.ranks)

    @property
    def shards(self) -> int:
        """The number of shards of each batch."""
        return self._shards

    @property
    def places(self) -> range:
        """The shards that this process computes."""
        return self._exchange.places

    @property
    def local_batches(self) -> bool:
        """Whether each process brings batches of its own."""
        return self._local_batches

    def local_shards(self, batch: HostBatch) -> list[HostBatch | None]:
        """Return the samples of each of :attr:`places`; None for a shard without samples."""
        if batch.local:
            return [batch.shard(index, len(self.places)) for index in range(len(self.places))]
        return [batch.shard(place, self.shards) for place in self.places]

    def sum(self, vectors: Sequence[Vector], exact: int) -> Vector:
        """Return the sum of the vectors of all shards, in the order of the tree, without rounding the last ``exact`` ones."""
        return self._exchange.sum(vectors, exact)

    def gather(self, what: str, value: Any) -> list[Any]:
        """Return the ``value`` of each process, by rank; ``what`` says what it is."""
        return self._exchange.gather(what, value)

    def agree(self, *, stop: bool) -> bool:
        """Return whether any process wants to ``stop``."""
        return any(self._exchange.gather("the end of training", bool(stop)))

    def compare(self, facts: dict[str, Any]) -> None:
        """Raise ValueError on all processes if one brings other ``facts`` than rank 0."""
        gathered = self._exchange.gather("facts", {"the version of numba_lstm": __version__, "NumPy": np.__version__, **facts})
        for rank, other in enumerate(gathered):
            for name, value in gathered[0].items():
                if other.get(name) != value:
                    raise ValueError(
                        f"rank {rank} has {name} {other.get(name)!r}, but rank 0 has {value!r}. All processes must run the "
                        "same program with the same data. Nothing was trained."
                    )

    def share(self, model: Any, place: Resumption) -> Resumption:
        """Give all processes the weights, the optimizer and the random numbers of rank 0, and where its training goes on."""
        optimizer, state = model.optimizer, None
        if self.rank == 0:
            state = (
                [variable.value for variable in model.weights],
                optimizer.state(),
                None if isinstance(optimizer.get_config()["learning_rate"], dict) else float(optimizer.learning_rate),
                model.random.state,
                tuple(place),
            )
        weights, slots, rate, random_state, found = self._exchange.from_first(state)
        if self.rank:
            for variable, value in zip(model.weights, weights, strict=True):
                variable.assign(value)
            optimizer.load_state(slots)
            if rate is not None and rate != float(optimizer.learning_rate):
                optimizer.learning_rate = rate
            model.random.state = random_state
        return Resumption(*found)

    def __repr__(self) -> str:
        return f"<DataParallel shards={self.shards}, rank {self.rank} of {self.ranks}>"

    def __deepcopy__(self, memo: Any) -> DataParallel:
        return self  # a communicator cannot be copied


def _world() -> Any:
    """Return the communicator of all processes of the job."""
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ImportError(
            f"DataParallel needs mpi4py and a library of MPI ({error}). Run pip install 'numba_lstm[mpi]' for the first, and "
            "pip install mpich for the second, or take that of your cluster."
        ) from error
    return MPI.COMM_WORLD


def _share_machine(communicator: Any) -> None:
    """Give each process of a machine its part of the cores, and its GPU."""
    if communicator.size == 1:
        return
    from mpi4py import MPI

    on_machine = communicator.Split_type(MPI.COMM_TYPE_SHARED)
    rank, ranks = on_machine.rank, on_machine.size
    on_machine.Free()
    if ranks == 1:
        return
    devices.share_cores(ranks)
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    if len(visible) != 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = visible[rank % len(visible)] if visible else str(rank)
