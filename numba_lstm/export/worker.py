"""A process that compiles for vectors of another processor: it reads a model from its input and writes the files."""

from __future__ import annotations

import os
import pickle
import sys


def main() -> None:
    """Write a pickled dict of files, or the exception."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever prints does not reach the pickle
    from .contents import library_files

    result: object
    try:
        model, options = pickle.load(sys.stdin.buffer)
    except (AttributeError, ImportError) as error:  # of a function that this process does not find
        result = pickle.UnpicklingError(str(error))
    else:
        try:
            result = library_files(model, options)
        except (ValueError, NotImplementedError) as error:
            result = error
    with os.fdopen(out, "wb") as file:
        pickle.dump(result, file)


if __name__ == "__main__":
    main()
