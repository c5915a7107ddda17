"""The number of threads that an op may use. The results do not depend on it, bit for bit."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

#: Variables that limit the threads of numerical libraries. Joblib, loky and Dask set the second one for their workers.
VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")

_threads: int | None = None


def set_num_threads(n: int) -> None:
    """Use at most ``n`` threads. The results do not depend on it, bit for bit.

    Raises
    ------
    ValueError
        Unless ``n`` is a whole number of at least 1.
    """
    global _threads
    _threads = _checked(n)


@contextmanager
def num_threads(n: int) -> Iterator[None]:
    """``with num_threads(n):`` use at most ``n`` threads in the block, in all Python threads, then as many as before.

    Raises
    ------
    ValueError
        Unless ``n`` is a whole number of at least 1.
    """
    global _threads
    before, _threads = _threads, _checked(n)
    try:
        yield
    finally:
        _threads = before


def get_num_threads() -> int:
    """The number of threads in use: the one set by :func:`set_num_threads` or :func:`num_threads`.

    Where nothing is set, it is the smallest of these, determined at first use:

    - the number of cores that this process may run on (its affinity),
    - the CPU quota of its control group or of a parent (cgroup version 1 or 2), rounded up: the limit of a container,
    - the environment variable ``NUMBA_NUM_THREADS``,
    - the environment variable ``OMP_NUM_THREADS`` (of a list, the first number). Joblib sets it for its workers.

    ``threadpoolctl.threadpool_limits(n)`` has the effect of :func:`num_threads`, if threadpoolctl is installed.

    Raises
    ------
    ValueError
        Where one of these variables is not a whole number of at least 1.
    """
    global _threads
    if _threads is None:
        _threads = available_threads()
    return _threads


def share_cores(processes: int) -> None:
    """Use the part of the cores that one of several processes of a machine has, unless a number of threads was chosen."""
    if get_num_threads() == available_threads() and not any(map(_variable, VARIABLES)):
        set_num_threads(max(1, get_num_threads() // processes))


def _checked(n: int) -> int:
    if isinstance(n, bool) or not hasattr(n, "__index__") or operator.index(n) < 1:
        raise ValueError(f"the number of threads must be a whole number of at least 1, got {n!r}.")
    return operator.index(n)


def available_threads() -> int:
    """Return the number of threads where none is set: see :func:`get_num_threads`."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    limits = [cores, quota(), *map(_variable, VARIABLES)]
    return min(limit for limit in limits if limit is not None)


def _variable(name: str) -> int | None:
    """Return the limit of an environment variable, None where it is not set."""
    text = os.environ.get(name, "").split(",", maxsplit=1)[0].strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise ValueError(
            f"the environment variable {name} must be a whole number of at least 1, got {os.environ[name]!r}. "
            "Correct it or unset it, or call numba_lstm.set_num_threads."
        )
    return int(text)


def quota(processes: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the number of cores that the CPU quota of the control groups allows, rounded up; None without a limit."""
    found: list[int] = []
    with suppress(OSError):
        for line in processes.read_text().splitlines():
            _, controllers, path = line.split(":", maxsplit=2)
            if not controllers:
                found += _quotas(mounted, path, _version_2)
            elif "cpu" in controllers.split(","):
                for root in (mounted / "cpu", mounted / controllers):
                    found += _quotas(root, path, _version_1)
    return min(found, default=None)


def _quotas(root: Path, path: str, read: Callable[[Path], tuple[int, int]]) -> list[int]:
    """Return the limits of a group and of its parents. A container sees only those below ``root``."""
    group = root / path.lstrip("/")
    found = []
    for place in (group, *group.parents):
        if not place.is_relative_to(root):
            break
        with suppress(OSError, ValueError):
            allowed, period = read(place)
            if allowed > 0 and period > 0:
                found.append(math.ceil(allowed / period))
    return found


def _version_2(place: Path) -> tuple[int, int]:
    allowed, period = place.joinpath("cpu.max").read_text().split()
    return int(allowed), int(period)  # "max", no number, is no limit


def _version_1(place: Path) -> tuple[int, int]:
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    allowed, period = (int(place.joinpath(name).read_text()) for name in names)
    return allowed, period


def register_controller() -> None:
    """Make :func:`set_num_threads` known to threadpoolctl, if it is installed in a version from 3.2 on."""
    try:
        from threadpoolctl import LibController, register
    except ImportError:
        return

    class Controller(LibController):  # type: ignore[misc]
        """Limits of threadpoolctl. It looks for controllers by loaded libraries, and the first one that we load is NumPy's."""

        user_api = internal_api = "numba_lstm"
        filename_prefixes = ("_multiarray_umath",)

        def get_num_threads(self) -> int | None:
            """Return the number of threads; None where a variable has nonsense, which is an error of our first call instead."""
            with suppress(ValueError):
                return _threads or available_threads()
            return None

        def set_num_threads(self, num_threads: Any) -> None:
            """Use at most so many threads. At the end of a block threadpoolctl sets the number that it found, or None."""
            global _threads
            if num_threads != self.get_num_threads():
                _threads = None if num_threads is None else _checked(num_threads)

        def get_version(self) -> None:
            """Return None: the library is not ours."""

    register(Controller)


register_controller()
