"""``export_c``: writes the folder of a C library."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import Any

from ..device import stream_exporter
from ..inputs import as_count
from ..models import Model
from .checks import check_exportable, check_name, check_target, check_weights
from .contents import Options, library_files
from .folder import check_folder, write_folder


def export_c(
    model: Model,
    directory: str | os.PathLike[str],
    *,
    name: str = "net",
    target: str = "host",
    rows: int = 1,
    weights: str = "embedded",
    max_steps: int | None = None,
) -> None:
    """Write a C library that computes a built model step by step, as ``model.stream(rows)`` does, bit for bit.

    The library needs no Python, and calls no other one: it allocates nothing, takes no lock and makes no system call. The
    caller gives the memory of each instance, so that any number of them can be used, each by one thread at a time.

    Parameters
    ----------
    model : Model
        Built, with layers that can be streamed.
    directory : path
        The folder to make. One that exists is empty, or holds an earlier export of the same name, whose files are replaced.
    name : str
        The prefix of files and functions, a name in C.
    target : str
        The processor: ``"host"``, that of this computer; or one of ``numba_lstm.export.targets()``.
    rows : int
        The number of sequences that a step computes.
    weights : "embedded" or "file"
        Where the weights are: in the object, or in ``name.bin``, whose content the program gives to ``name_init``.
    max_steps : int, optional
        For causal attention: the number of steps for which an instance has memory for keys and values. A step after them puts
        out NaN and changes nothing.

    Raises
    ------
    ValueError
        For a model that is not built, a name that is none in C, an unknown target, and for ``rows`` that a stateful layer is
        not for.
    NotImplementedError
        For a layer that cannot be streamed or compiled; the sentence names it.
    FileExistsError
        For a folder that holds other files.
    OSError
        For a folder that cannot be made. No error leaves files behind.

    Notes
    -----
    The folder holds ``net.h``, which documents the functions; ``net.o`` and ``net.a``, the library; ``net_test.c``, which
    compares recorded outputs; ``CMakeLists.txt`` and ``README.md``. An object for Windows is ``net.obj``, without ``net.a``.
    """
    steps = None if max_steps is None else as_count(max_steps, "max_steps")
    options = Options(check_name(name), target, as_count(rows, "rows"), check_weights(weights), steps)
    check_target(target)
    check_exportable(model, options.rows, steps)
    path = check_folder(directory, options.name)
    write_folder(path, _files(model, options))


def _files(model: Model, options: Options) -> dict[str, bytes]:
    """Return the files of a library, made by another process for a target with other vectors."""
    exporter = stream_exporter()
    vectors = exporter.vectors_of(options.target)
    if vectors == exporter.HOST.isa:
        return library_files(model, options)
    try:
        work = pickle.dumps((model, options))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise _unsendable(model, options, error) from error
    environment = {**os.environ, exporter.VARIABLE: vectors, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    worker = subprocess.run(
        [sys.executable, "-m", "numba_lstm.export.worker"], input=work, stdout=subprocess.PIPE, env=environment
    )
    if worker.returncode:
        raise RuntimeError(f"the process that compiles for {options.target} ended with code {worker.returncode}.")
    result: Any = pickle.loads(worker.stdout)
    if isinstance(result, pickle.UnpicklingError):
        raise _unsendable(model, options, result)
    if isinstance(result, Exception):
        raise result
    return result  # type: ignore[no-any-return]


def _unsendable(model: Model, options: Options, error: Exception) -> ValueError:
    """Return the error for a model with functions that another process does not find, as those of a script are."""
    return ValueError(
        f"{model.name} cannot be exported for {options.target}, for which another process compiles it: {error}. "
        "Define its functions in a module, or export it for the host."
    )
