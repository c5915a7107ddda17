"""warmup compiles what is needed and changes nothing."""

import subprocess
import sys

import numpy as np
import pytest
from kernel_cache_processes import SECONDS, VARIABLE, environment

import numba_lstm
from numba_lstm.kernels import cache_folder
from numba_lstm.kernels.cpu.compiler import jit, kernel_cache
from numba_lstm.kernels.cpu.compiler.cache_folder import folder as kernel_folder
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.losses import MeanSquaredError, SparseCategoricalCrossentropy
from numba_lstm.models import Sequential
from numba_lstm.optimizers import Adamax


def model(loss="mse", optimizer="adam", **output) -> Sequential:
    made = Sequential([Input((None, 2)), LSTM(5), Dense(3, **output)])
    made.compile(optimizer, loss)
    return made


def averaged() -> Adamax:
    return Adamax(gradient_accumulation_steps=4, use_ema=True, ema_overwrite_frequency=2)


@pytest.mark.parametrize(
    ("loss", "optimizer", "output"),
    [
        ("mse", averaged, {}),
        (MeanSquaredError("sum"), lambda: "ftrl", {}),
        (SparseCategoricalCrossentropy(name="mine"), lambda: "adam", {"activation": "softmax"}),
    ],
    ids=["averages", "sum", "sparse"],
)
def test_after_warmup_nothing_is_compiled(loss, optimizer, output, monkeypatch):
    made = model(loss, optimizer(), **output)
    numba_lstm.warmup(made, verbose=False)

    def compiled(*_):
        raise AssertionError("a kernel was compiled after warmup")

    monkeypatch.setattr(jit, "_cached", compiled)
    x = np.random.default_rng(0).normal(size=(9, 4, 2))
    y = np.arange(9) % 3 if output else np.ones((9, 3))
    for rows in (1, 3, 9, 3, 9, 9, 9, 3, 3):
        made.predict(x[:rows], verbose=0)
        made.train_on_batch(x[:rows], y[:rows])
    made.stream().step(x[0, 0])


#: The kernels come from the cache of all tests, if they are there, and from then on go into the folder. So what a shape needs
#: beyond those of warmup would be compiled, and written to the folder.
WARMED = """
import os
import sys
from pathlib import Path
import numpy as np
if sys.argv[2] == "one":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import numba_lstm
from numba_lstm.kernels.cpu.compiler.compile_notice import notice
from numba_lstm.kernels.cpu.runtime import thread_pool
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models import Sequential

folder = Path(sys.argv[1])
thread_pool.MIN_WORK_PER_THREAD = thread_pool.MIN_WORK_PER_QUEUED_CALL = 1
model = Sequential([Input((None, 2)), LSTM(8), Dense(1)])
model.compile("adam", "mse")
numba_lstm.warmup(model, verbose=False)
numba_lstm.warmup(model, verbose=False, cache=folder)
compiled, files = notice._begun, sorted(folder.rglob("*.nb?"))
assert len(files) > 20, files
x = np.random.default_rng(0).normal(size=(70, 5, 2)).astype(np.float32)
for threads in (1, 2):
    numba_lstm.set_num_threads(threads)
    for rows, steps in ((1, 5), (3, 4), (25, 5), (70, 1)):
        for _ in range(3):
            model.predict(x[:rows, :steps], verbose=0)
            model.train_on_batch(x[:rows, :steps], x[:rows, 0, :1])
assert notice._begun == compiled
assert sorted(folder.rglob("*.nb?")) == files
"""


@pytest.mark.on_the_cpu(reason="other devices keep no kernels in this folder")
@pytest.mark.parametrize("processors", ["all", "one"])
def test_a_process_adds_no_kernel_to_a_folder_that_warmup_has_filled(processors, tmp_path):
    """Whatever the shapes of predictions and of training steps, with one thread and with two."""
    command = [sys.executable, "-c", WARMED, str(tmp_path), processors]
    variables = {VARIABLE: kernel_folder().root}
    process = subprocess.run(command, env=environment(**variables), capture_output=True, text=True, timeout=SECONDS)
    assert process.returncode == 0, process.stderr


def test_warmup_changes_nothing():
    made = model()
    weights, state, stream = made.get_weights(), made.optimizer.state(), made.random.state
    numba_lstm.warmup(made, verbose=False)
    assert all((a == b).all() for a, b in zip(weights, made.get_weights(), strict=True))
    assert made.optimizer.state().keys() == state.keys()
    assert made.optimizer.iterations == 0
    assert made.random.state == stream


def test_warmup_draws_nothing_from_the_default_stream():
    seeds = []
    for warm in (False, True):
        numba_lstm.set_random_seed(1)
        made = model()
        if warm:
            numba_lstm.warmup(made, verbose=False)
        seeds.append(made.random.next_key().seed)
    assert seeds[0] == seeds[1]


def test_a_bar_is_drawn(capsys):
    numba_lstm.warmup(model(), training=False)
    steps = 8 if numba_lstm.get_device() == "cpu" else 7  # the first compiles the pool of threads
    assert f"{steps}/{steps}" in capsys.readouterr().out


def test_a_model_that_is_not_built_is_refused():
    with pytest.raises(ValueError, match="not built"):
        numba_lstm.warmup(Sequential([LSTM(3)]))


def test_training_needs_a_compiled_model():
    with pytest.raises(ValueError, match="compile"):
        numba_lstm.warmup(Sequential([Input((None, 2)), LSTM(5)]))


@pytest.fixture
def first_kernels(monkeypatch):
    """Let the process have but its first kernels: each is copied to another folder, which takes long after many tests."""
    monkeypatch.setattr(kernel_cache, "_compiled", kernel_cache._compiled[:20])
    monkeypatch.setattr(cache_folder, "_chosen", None)


def written(folder) -> set[str]:
    return {path.name for path in folder.rglob("*.nbc")}


@pytest.mark.on_the_cpu(reason="other devices keep no kernels in this folder")
@pytest.mark.usefixtures("first_kernels")
def test_a_folder_gets_all_kernels_those_of_before_too(tmp_path):
    made = model()
    made(np.zeros((3, 4, 2)))
    numba_lstm.warmup(made, training=False, verbose=False, cache=tmp_path / "new" / "kernels")
    names = {kernel.function.__name__ for kernel in kernel_cache._compiled}
    assert all(any(name in file for file in written(tmp_path)) for name in names)


@pytest.mark.on_the_cpu(reason="other devices keep no kernels in this folder")
@pytest.mark.usefixtures("first_kernels")
def test_a_folder_that_was_filled_is_not_written_again(tmp_path, monkeypatch):
    made = model()
    numba_lstm.warmup(made, training=False, verbose=False, cache=tmp_path)
    monkeypatch.setattr(kernel_cache.KernelCache, "store", None)
    numba_lstm.warmup(made, training=False, verbose=False, cache=tmp_path)


@pytest.mark.on_the_cpu(reason="other devices keep no kernels in this folder")
def test_a_folder_that_cannot_be_made_is_an_error_and_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_folder, "_chosen", None)
    tmp_path.joinpath("file").write_text("")
    with pytest.raises(OSError, match="compiled kernels cannot be kept in this folder: "):
        numba_lstm.warmup(model(), cache=tmp_path / "file" / "kernels")
    assert cache_folder._chosen is None


def test_a_folder_is_for_kernels_of_the_cpu(tmp_path):
    made = model()
    made.to("reference")
    with pytest.raises(ValueError, match="cache= is a folder for kernels of the CPU, and .* computes on 'reference'"):
        numba_lstm.warmup(made, cache=tmp_path)
    assert list(tmp_path.iterdir()) == []
