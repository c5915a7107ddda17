"""BackupAndRestore: a training that dies and starts again ends with the bits of one without interruption."""

import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from numba_lstm import Sequential, layers, optimizers, set_random_seed
from numba_lstm.callbacks import BackupAndRestore, Callback, LambdaCallback
from numba_lstm.files.errors import FileFormatError

X = np.sin(np.arange(33.0)).reshape(11, 3)
Y = np.cos(np.arange(22.0)).reshape(11, 2)


class Stop(Exception):
    pass


class Dies(Callback):
    """Ends the process, or raises Stop, after a number of batches."""

    def __init__(self, batches, kill=False):
        self.batches, self.kill = batches, kill

    def on_train_batch_end(self, batch, logs=None):
        self.batches -= 1
        if not self.batches:
            if self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise Stop


def made(width=4, rate=0.05):
    set_random_seed(3)
    model = Sequential([layers.Input((3,)), layers.Dense(width, "tanh"), layers.Dropout(0.4), layers.Dense(2)])
    model.compile(optimizers.Adam(rate), "mse")
    return model


def train(model, *callbacks, epochs=4):
    return model.fit(X, Y, batch_size=3, epochs=epochs, verbose=0, callbacks=list(callbacks))


def assert_same(model, other):
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [*map(np.ndarray.tolist, model.optimizer.state().values())] == [
        *map(np.ndarray.tolist, other.optimizer.state().values())
    ]


@pytest.fixture(scope="module")
def straight():
    model = made()
    train(model)
    return model


@pytest.mark.parametrize(("save_freq", "batches"), [("epoch", 6), ("epoch", 8), (3, 7), (2, 8), (5, 11), (1, 4)])
def test_a_training_that_stopped_goes_on_with_the_same_bits(tmp_path, straight, save_freq, batches):
    backup = tmp_path / "backup"
    with pytest.raises(Stop):
        train(made(), BackupAndRestore(backup, save_freq), Dies(batches))
    assert [path.name for path in backup.iterdir()] == ["backup.nlstm"]
    model, steps = made(), []
    counter = LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    history = train(model, BackupAndRestore(backup, save_freq), counter)
    assert_same(model, straight)
    epochs = (batches - 1) // 4 * 4
    trained = epochs if save_freq == "epoch" else max(batches // save_freq * save_freq, epochs)
    assert len(steps) == 16 - trained
    assert history.epoch[-1] == 3
    assert not list(backup.iterdir())


def test_a_process_that_is_killed_within_an_epoch_goes_on(tmp_path, straight):
    program = "import test_backup as t, numpy as np, sys; m = t.made(); t.train(m, t.BackupAndRestore(sys.argv[1]), {}); "
    program += "np.savez(sys.argv[2], *m.get_weights())"
    arguments = [str(tmp_path / "backup"), str(tmp_path / "weights.npz")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path])}
    first, second = (
        subprocess.run([sys.executable, "-c", program.format(dies), *arguments], env=environment, check=False)
        for dies in ("t.Dies(7, kill=True)", "t.Dies(99)")
    )
    assert (first.returncode, second.returncode) == (-signal.SIGKILL, 0)
    with np.load(arguments[1]) as weights:
        for name, value in zip(weights.files, straight.get_weights(), strict=True):
            np.testing.assert_array_equal(weights[name], value)


def test_a_rate_that_was_set_is_restored_and_the_file_may_stay(tmp_path):
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False, double_checkpoint=True)
    model = made()
    train(
        model, backup, LambdaCallback(on_epoch_begin=lambda epoch, logs: model.optimizer.learning_rate.assign(0.01)), epochs=2
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.nlstm", "backup.previous.nlstm"]
    (tmp_path / "backup.nlstm").write_bytes(b"damaged")
    again = made()
    history = train(again, BackupAndRestore(tmp_path), epochs=2)
    assert history.epoch == [1]
    assert float(again.optimizer.learning_rate) == 0.01
    assert_same(again, model)


def test_a_backup_of_another_model_and_a_damaged_one_are_refused(tmp_path):
    train(made(), BackupAndRestore(tmp_path, delete_checkpoint=False), epochs=1)
    model = made(width=5)
    before = model.get_weights()
    with pytest.raises(ValueError, match=re.escape("is the backup of another model. Give another backup_dir")):
        train(model, BackupAndRestore(tmp_path))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    (tmp_path / "backup.nlstm").write_bytes(b"damaged")
    with pytest.raises(FileFormatError):
        train(made(), BackupAndRestore(tmp_path))
    for arguments in (("",), (tmp_path, "batch"), (tmp_path, 0)):
        with pytest.raises((TypeError, ValueError), match="backup_dir must name a folder|save_freq, unless it is 'epoch',"):
            BackupAndRestore(*arguments)
