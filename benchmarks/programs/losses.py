"""Losses from equal weights, and the time of a training step: the first fits of a program, on Keras and here.

``python -m benchmarks.programs.losses FOLDER`` prints the table of what ``--losses FOLDER`` wrote.
"""

from __future__ import annotations

import inspect
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

FITS = 2  # per program


class Checks:
    """Train each model of a program from the weights and on the data that Keras had, and write the losses.

    The run of Keras writes both to the folder, and the run of numba_lstm reads them.
    """

    def __init__(self, engine: Any, folder: Path) -> None:
        self.engine, self.folder, self.count = engine, folder, 0
        folder.mkdir(parents=True, exist_ok=True)
        without_dropout(engine)

    def __call__(self, model: Any, options: dict[str, Any], fit: Any) -> None:
        """Train for two epochs in order, then time three more, and give the model its weights back."""
        self.count += 1
        if self.count > FITS:
            return
        x, y = options["x"], options["y"]
        given = {name: value for name, value in options.items() if name in ("batch_size", "sample_weight", "class_weight")}
        path = self.folder / f"{self.count}.npz"
        if self.engine.__name__ == "keras":
            self.built(model, x, options)
            np.savez(path, weights=packed(model.get_weights()), x=packed(x), y=packed(y))
        elif path.exists():
            with np.load(path, allow_pickle=True) as saved:
                self.built(model, x, options)
                model.set_weights([np.asarray(weight) for weight in saved["weights"]])
                x, y = like(x, saved["x"]), like(y, saved["y"])
        before = model.get_weights()
        train = {"x": x, "y": y, "shuffle": False, "verbose": 0, **given}
        losses = fit(model, epochs=2, **train).history["loss"]
        times = []
        for _ in range(3):
            start = time.process_time()
            fit(model, epochs=1, **train)
            times.append(time.process_time() - start)
        model.set_weights(before)
        steps = -(-len(np.asarray(first_of(y))) // int(given.get("batch_size", 32)))
        line = {"model": self.count, "losses": [float(loss) for loss in losses], "ms": 1e3 * min(times) / steps}
        with (self.folder / f"{self.engine.__name__}.jsonl").open("a") as out:
            out.write(json.dumps(line) + "\n")

    @staticmethod
    def built(model: Any, x: Any, options: dict[str, Any]) -> None:
        """Make the weights of a model that gets its shapes from its first batch."""
        if not model.built:
            model.predict(x[:1] if not isinstance(x, (list, dict)) else x, verbose=0)


def packed(value: Any) -> Any:
    """Return a value as an array of objects, to save it."""
    result = np.empty(1 if not isinstance(value, list) else len(value), dtype=object)
    for i, part in enumerate(value if isinstance(value, list) else [value]):
        result[i] = part
    return result


def like(value: Any, saved: Any) -> Any:
    """Return what `packed` kept, in the form of a value."""
    return list(saved) if isinstance(value, list) else saved[0]


def first_of(value: Any) -> Any:
    """Return the first array of several."""
    if isinstance(value, dict):
        value = list(value.values())
    return value[0] if isinstance(value, (list, tuple)) and hasattr(value[0], "shape") else value


def without_dropout(engine: Any) -> None:
    """Make layers without dropout and noise, which no two engines draw alike."""
    rates = {"Dropout": "rate", "SpatialDropout1D": "rate", "GaussianNoise": "stddev", "GaussianDropout": "rate"}
    names = {name: (rate,) for name, rate in rates.items()} | dict.fromkeys(
        ("LSTM", "GRU", "SimpleRNN", "ConvLSTM2D", "ConvLSTM1D"), ("dropout", "recurrent_dropout")
    )
    for name, arguments in names.items():
        wrap(getattr(engine.layers, name), arguments)


def wrap(layer: Any, arguments: tuple[str, ...]) -> None:
    init = layer.__init__

    def made(self: Any, *args: Any, **options: Any) -> None:
        if len(arguments) == 1 and args:
            args = (0.0, *args[1:])
        init(self, *args, **{key: 0.0 if key in arguments else value for key, value in options.items()})

    made.__signature__ = inspect.signature(init)  # type: ignore[attr-defined]
    made.__wrapped__ = init  # type: ignore[attr-defined]
    layer.__init__ = made


def print_table(folder: Path) -> None:
    """Print the losses and the processor time of both engines, and what is further apart than a thousandth."""
    print("| program | loss on Keras, epochs 1 and 2 | here | ms a step on Keras | here |\n|---|---|---|---:|---:|")
    for path in sorted(folder.glob("*/numba_lstm.jsonl")):
        keras = [json.loads(line) for line in (path.parent / "keras.jsonl").read_text().splitlines()]
        for theirs, ours in zip(keras, map(json.loads, path.read_text().splitlines()), strict=False):
            losses = [" ".join(f"{loss:.5g}" for loss in line["losses"]) for line in (theirs, ours)]
            apart = "" if np.allclose(theirs["losses"], ours["losses"], rtol=1e-3) else " (apart)"
            name = f"{path.parent.name} {ours['model']}"
            print(f"| {name} | {losses[0]} | {losses[1]}{apart} | {theirs['ms']:.2f} | {ours['ms']:.2f} |")


if __name__ == "__main__":
    print_table(Path(sys.argv[1]))
