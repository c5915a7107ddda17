"""``python -m numba_lstm example NAME``: runs an example, prints its table, draws its picture and saves its model."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..console import tables
from ..device import num_threads, set_device
from ..philox import set_random_seed
from .catalog import Example, MissingPackageError, find, listing
from .options import Options, parse
from .result import Result

USAGE = (
    "usage: python -m numba_lstm example NAME [options]\n\nexamples:\n{}\n\nOptions: python -m numba_lstm example NAME --help"
)


def main(arguments: Sequence[str]) -> int:
    """Run the example of the first argument and return its exit code. Without arguments, list the examples."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE.format(listing()))
        return 0
    example = find(arguments[0])
    if example is None:
        print(f"python -m numba_lstm example: there is no example {arguments[0]!r}. There are:\n{listing()}", file=sys.stderr)
        return 2
    options = parse(example, arguments[1:])
    try:
        example.check_packages()
        result = run(example, options)
        print_table(result)
        _write(result, options)
    except (MissingPackageError, OSError) as error:
        print(f"python -m numba_lstm example {example.name}: {error}", file=sys.stderr)
        return 1
    except ImportError as error:  # a package of the data lacks one that it needs itself
        if not example.packages or (error.name or "numba").startswith("numba"):
            raise
        line = "Install what the examples need: pip install 'numba_lstm[examples]'."
        print(f"python -m numba_lstm example {example.name}: {error}. {line}", file=sys.stderr)
        return 1
    return 0


def run(example: Example, options: Options) -> Result:
    """Run an example with the device, seed and threads of its options."""
    set_device(options.device)
    set_random_seed(options.seed)
    function = example.load()
    if options.threads is None:
        return function(options)  # type: ignore[no-any-return]
    with num_threads(options.threads):
        return function(options)  # type: ignore[no-any-return]


def print_table(result: Result) -> None:
    """Print the table of a result, and the text after it."""
    print(f"\n{result.title}")
    lines = tables.draw(result.headers, result.rows, right=result.headers[1:], rules=False, out=sys.stdout)
    print("\n".join(lines))
    if result.text:
        print(result.text)


def _write(result: Result, options: Options) -> None:
    if options.plot:
        from matplotlib.figure import Figure  # an optional extra, and slow to import

        figure = Figure(figsize=(10, 6), layout="constrained")
        result.draw(figure)
        figure.savefig(options.plot, format="png", dpi=120)
        print(f"Drawn into {options.plot}.")
    if options.save and result.model is not None:
        result.model.save(options.save)
        print(f"Saved to {options.save}.")
