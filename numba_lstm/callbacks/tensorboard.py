"""TensorBoard: writes the logs of training for TensorBoard."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ..objects.serialization import choose
from ..system.writable import check_file
from .base import Callback, Logs

_INSTALL = "Install it: pip install 'numba_lstm[tensorboard]'."
_LEFT_OUT = {
    "profile_batch": "it profiles TensorFlow's operations. Leave it at 0.",
    "embeddings_freq": "it needs TensorFlow's checkpoints. Leave it at 0.",
}


class TensorBoard(Callback):
    """Writes losses, metrics and weights as event files for TensorBoard, as ``keras.callbacks.TensorBoard``.

    The tags are those of Keras: ``epoch_loss``, ``epoch_learning_rate``, ``batch_loss``, ``evaluation_loss_vs_iterations``, and
    ``<weight>/histogram``. The runs are ``train`` and ``validation`` in ``log_dir``. Batches count from 1 over all epochs.

    Parameters
    ----------
    log_dir : path
        Folder of the event files. It is made at the start of training.
    histogram_freq : int
        Write histograms of the weights every that many epochs; 0 for never.
    write_graph : bool
        Write the layers of the model, for the page "Graphs"; with a warning instead, if they have functions without a name.
    write_images : bool
        Write the kernels as images along with the histograms, scaled to the range of 0 to 1.
    write_steps_per_second : bool
        Write the training steps per second of each epoch, and of each batch whose logs are written.
    update_freq : "epoch", "batch" or int
        Write logs at the end of epochs only, also those of every batch, or also those of each batch whose number is a multiple
        of it.
    profile_batch, embeddings_freq, embeddings_metadata
        Accepted for compatibility with Keras at their defaults only.

    Raises
    ------
    ImportError
        Without tensorboardX, which writes event files.
    ValueError
        For a frequency that is no whole number of at least 0, and for what is left out.
    OSError
        At the start of training, for a folder that cannot be written.
    """

    writes_files = True

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        for name, value in (("profile_batch", profile_batch), ("embeddings_freq", embeddings_freq)):
            if value:
                raise ValueError(f"{name}={value!r} is left out here: {_LEFT_OUT[name]}")
        if embeddings_metadata is not None:
            raise ValueError("embeddings_metadata belongs to embeddings_freq, which is left out here. Leave it at None.")
        if not isinstance(update_freq, int):
            choose(update_freq, ("epoch", "batch"), "update_freq")
        self.log_dir = Path(log_dir)
        self.histogram_freq = _frequency("histogram_freq", histogram_freq)
        self.update_freq = update_freq if isinstance(update_freq, str) else _frequency("update_freq", update_freq, least=1)
        self.write_graph, self.write_images = bool(write_graph), bool(write_images)
        self.write_steps_per_second = bool(write_steps_per_second)
        self._writers: dict[str, Any] = {}
        self._open = _writer_class()
        self._training, self._step = False, 0  # training steps of all epochs
        self._began = self._batch_began = self._steps_before = 0.0

    def wants_batch_end(self, batch: int) -> bool:
        return self._writes_batch()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Check that files can be written. Nothing is written yet."""
        check_file(os.fsdecode(self.log_dir / "train" / "events"), makes_folders=True)
        self._step, self._training = 0, True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the layers of the model before the first epoch, and start to measure the steps a second."""
        if self.write_graph and "train" not in self._writers:
            self._write_layers(self._writer("train"))
        self._began, self._steps_before = time.perf_counter(), self._step

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Count the step, and start to measure its time."""
        self._step += 1
        self._batch_began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Write the logs of the batch."""
        if self._writes_batch():
            values = dict(logs or {})
            if self.write_steps_per_second:
                values["steps_per_second"] = 1 / (time.perf_counter() - self._batch_began)
            for name, value in values.items():
                self._writer("train").add_scalar(f"batch_{name}", value, self._step)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Write the results of an evaluation over the steps of the optimizer."""
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            for name, value in (logs or {}).items():
                self._writer("validation").add_scalar(f"evaluation_{name}_vs_iterations", value, optimizer.iterations)
        if not self._training:
            self._close()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the logs of the epoch and, every so often, the weights."""
        train = self._writer("train")
        for name, value in (logs or {}).items():
            writer = self._writer("validation") if name.startswith("val_") else train
            writer.add_scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        if "learning_rate" not in (logs or {}):
            train.add_scalar("epoch_learning_rate", float(self.model.optimizer.learning_rate), epoch)
        if self.write_steps_per_second:
            rate = (self._step - self._steps_before) / (time.perf_counter() - self._began)
            train.add_scalar("epoch_steps_per_second", rate, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(train, epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the files."""
        self._training = False
        self._close()

    def _writes_batch(self) -> bool:
        if self.update_freq == "epoch":
            return False
        return self.update_freq == "batch" or self._step % int(self.update_freq) == 0

    def _writer(self, run: str) -> Any:
        if run not in self._writers:
            self._writers[run] = self._open(str(self.log_dir / run))
        return self._writers[run]

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _write_weights(self, writer: Any, epoch: int) -> None:
        for weight in self.model.weights:
            values = np.asarray(weight, np.float32)
            writer.add_histogram(f"{weight.path}/histogram", values, epoch)
            if self.write_images and values.ndim == 2:
                spread = float(np.ptp(values)) or 1.0
                writer.add_image(f"{weight.path}/image", (values - values.min()) / spread, epoch, dataformats="HW")

    def _write_layers(self, writer: Any) -> None:
        """Write the configuration of the model as TensorBoard's plugin for models of Keras reads it."""
        from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
        from tensorboardX.proto.tensor_pb2 import TensorProto

        metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1"))
        try:
            layers = self.model.to_json()
        except (TypeError, ValueError, NotImplementedError) as error:
            warnings.warn(f"TensorBoard writes no layers of {self.model.name}: {error}", stacklevel=2)
            return
        text = TensorProto(dtype="DT_STRING", string_val=[layers.encode()])
        writer.file_writer.add_summary(Summary(value=[Summary.Value(tag="keras", metadata=metadata, tensor=text)]), 0)


def _writer_class() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ImportError(f"The callback TensorBoard needs tensorboardX, which writes event files. {_INSTALL}") from error
    return SummaryWriter


def _frequency(name: str, value: Any, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(
            f"{name} must be a whole number of at least {least}, got {value!r}. Give {max(least, 1)} for every one."
        )
    return value
