"""Comparison of numba_lstm with its peers: the same weights, checked outputs, and engines that take turns.

    python benchmarks/compare.py --quick
    python benchmarks/compare.py --threads 1 2 --markdown
    python benchmarks/compare.py --modes infer --shapes 8,50,16,64 1,200,32,256
    python benchmarks/compare.py --device cuda
    python benchmarks/compare.py --engines numba_lstm --before OTHER-CHECKOUT
    python benchmarks/compare.py --python torch=/somewhere/bin/python --python openvino=/elsewhere/bin/python

Each engine runs in a separate process, bound to as many cores as it has threads. With ``--device cuda`` all engines compute on
the GPU, PyTorch by cuDNN, and a call begins and ends with arrays on the host. ``--before`` adds another checkout of this
project, which takes turns with this one. Missing peers are listed. ``--into FILE`` writes
the tables between the file's marks, ``<!-- compare: infer, 1 thread -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if not __package__:  # as a script it has its own folder first, where benchmarks is not found
    sys.path[0] = str(ROOT)

from benchmarks.peers import machine, marks  # noqa: E402
from benchmarks.peers.modes import MODES  # noqa: E402
from benchmarks.peers.process import Failed, Missing, start, start_before, start_judges  # noqa: E402
from benchmarks.peers.race import Race, Result  # noqa: E402
from benchmarks.peers.registry import BEFORE, CPU, CUDA, DEVICES, ENGINES, FEWER, OURS  # noqa: E402
from benchmarks.peers.shape import Shape  # noqa: E402
from benchmarks.peers.tables import Table, table  # noqa: E402

ROUNDS, QUICK_ROUNDS = 15, 3


def shape(text: str) -> Shape:
    try:
        return Shape.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1 is needed, got {text!r}")
    return int(text)


def python(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or name not in ENGINES:
        raise argparse.ArgumentTypeError(f"ENGINE=PATH is needed, ENGINE one of {', '.join(ENGINES)}, got {text!r}")
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"there is no interpreter {path!r}")
    return name, path


def checkout(text: str) -> Path:
    if not (Path(text) / "benchmarks" / "peers" / "worker.py").is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is no checkout of numba_lstm: it has no benchmarks/peers/worker.py")
    return Path(text).resolve()


def parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n")
    answer = argparse.ArgumentParser(
        prog="compare.py", description=summary, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    answer.add_argument("--device", choices=DEVICES, default=CPU, help=f"{' or '.join(DEVICES)}; default {CPU}")
    answer.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES), metavar="MODE", help=" ".join(MODES))
    answer.add_argument("--shapes", nargs="+", type=shape, metavar="N,T,D,H", help="instead of the published ones")
    answer.add_argument("--threads", nargs="+", type=count, default=[1], metavar="N", help="one table for each; default 1")
    answer.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="NAME", help=" ".join(ENGINES))
    answer.add_argument(
        "--python", action="append", type=python, default=[], metavar="ENGINE=PATH", help="the interpreter that has an engine"
    )
    answer.add_argument("--before", type=checkout, metavar="FOLDER", help="another checkout, to compare with")
    answer.add_argument("--rounds", type=count, help=f"turns of each engine at each shape; default {ROUNDS}")
    answer.add_argument("--quick", action="store_true", help=f"few small shapes, {QUICK_ROUNDS} rounds")
    answer.add_argument("--markdown", action="store_true", help="print Markdown")
    answer.add_argument("--into", nargs="+", type=Path, default=[], metavar="FILE", help="also write the tables into these")
    return answer


def shapes_of(options: argparse.Namespace, mode: str) -> tuple[Shape, ...]:
    if options.shapes:
        return tuple(options.shapes)
    return MODES[mode].quick if options.quick else MODES[mode].shapes


class Run:
    """The measurements of one command, and notes about them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
        self.results: dict[tuple[str, int], list[Result]] = {}
        self.versions: dict[str, str] = {}
        self.absent: dict[str, str] = {}
        self.troubles: list[str] = []

    def measure(self) -> None:
        device = self.options.device
        names = [name for name in DEVICES[device] if name in self.options.engines]
        for threads in self.options.threads:
            pythons = dict(self.options.python)
            workers, absent = start(names, threads, pythons, device)
            self.absent |= absent
            if device == CUDA and OURS in absent:
                for worker in workers.values():
                    worker.close()
                raise Failed(absent[OURS])
            fewer = self.options.threads[0]
            if device == CPU and fewer < threads and OURS in workers:
                started, reasons = start([OURS], fewer, pythons)
                workers |= {FEWER: started[OURS]} if started else {}
                self.troubles += [
                    f"there is no column for {fewer} / {threads} threads: {reason}" for reason in reasons.values()
                ]
            if self.options.before:
                workers[BEFORE] = start_before(self.options.before, threads, pythons.get(OURS, sys.executable))
            race = Race(threads, workers, start_judges(threads, pythons.get(OURS, sys.executable), device), device)
            for worker in workers.values():
                self.versions |= worker.versions
            try:
                for mode in self.options.modes:
                    rows = self.results[mode, threads] = []
                    for size in shapes_of(self.options, mode):
                        rows.append(race.run(mode, size, self.rounds))
                        self._progress(rows[-1])
            finally:
                race.close()
                self.troubles += race.troubles

    def _progress(self, result: Result) -> None:
        times = ", ".join(f"{name} {seconds * 1e3:.3g} ms" for name, seconds in result.seconds.items())
        print(f"{marks.name(result.mode, result.threads, result.device)}, {result.shape}: {times}", file=sys.stderr, flush=True)

    def tables(self) -> dict[str, Table]:
        """Return the tables by mark."""
        return {
            marks.name(mode, threads, self.options.device): table(
                rows,
                fewer=self.options.threads[0],
                loss="**{}**".format if self.options.markdown or self.options.into else "{}*".format,
            )
            for (mode, threads), rows in self.results.items()
        }

    def notes(self) -> list[str]:
        """Return lines about the machine, missing engines and troubles."""
        peaks = {
            threads: [r.peak for (_, n), rows in self.results.items() if n == threads for r in rows if r.peak]
            for threads in self.options.threads
        }
        lines = [*machine.describe(self.versions, peaks), f"medians of {self.rounds} rounds"]
        lines += [f"left out: {ENGINES[name].label} ({reason})" for name, reason in self.absent.items()]
        lines += self.troubles
        if ("fit", self.options.threads[0]) in self.results:
            lines.append("fit: the LSTM's activation is relu, in PyTorch tanh, which is all that nn.LSTM has")
        return lines

    @property
    def failed(self) -> bool:
        """Whether an engine computed wrong outputs or died."""
        return OURS in self.absent or bool(self.troubles)


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.before and options.device == CUDA:
        print("compare.py: --before compares on the CPU: leave --device away", file=sys.stderr)
        return 2
    run = Run(options)
    try:
        run.measure()
    except Missing as reason:
        print(f"compare.py: the peak and the reference need numba_lstm's packages: {reason}", file=sys.stderr)
        return 2
    except Failed as reason:
        print(f"compare.py: device='cuda' cannot be used: {reason}", file=sys.stderr)
        return 2
    tables, notes = run.tables(), run.notes()
    for path in options.into:
        texts = {name: result.markdown() for name, result in tables.items()}
        marks.write(path, {**texts, marks.MACHINE: "\n".join(f"* {line}" for line in notes)})
    for result in tables.values():
        print(f"### {result.title}\n\n{result.markdown()}\n" if options.markdown else f"{result.text()}\n")
    print("\n".join(f"* {line}" for line in notes))
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
