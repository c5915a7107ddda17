"""Search of hyperparameters by Optuna, which ends trials that promise little after a few epochs.

``pip install optuna optuna-integration``, then ``python optuna_pruning.py``. The callback is that of Keras, unmodified: it
imports ``keras.callbacks``, whose place numba_lstm takes. Start the script several times with one storage, as
``python optuna_pruning.py sqlite:///search.db``, and the processes share the trials. Each computes on one thread.
"""

from __future__ import annotations

import sys

import numpy as np
import optuna

import numba_lstm

sys.modules.setdefault("keras", numba_lstm)
sys.modules.setdefault("keras.callbacks", numba_lstm.callbacks)

from optuna_integration import KerasPruningCallback  # noqa: E402  # it looks for Keras when it is imported

numba_lstm.set_num_threads(1)
rng = np.random.default_rng(0)
x = rng.standard_normal((256, 12, 3)).astype("float32")
y = np.tanh(x[:, -4:, :1].sum(1))


def validation_loss(trial: optuna.Trial) -> float:
    """Train a model with the hyperparameters of a trial, and return its loss on the last fifth of the samples."""
    numba_lstm.utils.set_random_seed(trial.number)
    units = trial.suggest_int("units", 4, 32, log=True)
    rate = trial.suggest_float("learning_rate", 1e-4, 3e-2, log=True)
    model = numba_lstm.Sequential([numba_lstm.layers.LSTM(units), numba_lstm.layers.Dense(1)])
    model.compile(numba_lstm.optimizers.Adam(rate), "mse")
    pruning = KerasPruningCallback(trial, "val_loss")
    history = model.fit(x, y, batch_size=32, epochs=8, validation_split=0.2, verbose=0, callbacks=[pruning])
    return float(min(history.history["val_loss"]))


study = optuna.create_study(
    study_name="units and rate",
    storage=sys.argv[1] if len(sys.argv) > 1 else None,
    load_if_exists=True,
    sampler=optuna.samplers.TPESampler(seed=0),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
)
study.optimize(validation_loss, n_trials=12)
states = [trial.state for trial in study.trials]
print(f"{states.count(optuna.trial.TrialState.PRUNED)} of {len(states)} trials ended early")
print(f"best: {study.best_params}, loss {study.best_value:.4f}")
