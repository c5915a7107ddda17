"""Fits: choose windows for training, validation and calibration, and train the network."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..callbacks import EarlyStopping, LearningRateScheduler
from ..philox import seeded
from .conformal import calibration_scores
from .fitted import Fitted
from .networks.heads import make_head
from .networks.network import build_network
from .networks.windows import Values, Windows, cut_windows, join_windows, scale_of
from .parameters import Parameters
from .prediction import BATCH, Recursion
from .tables.calendar import choose_features
from .tables.covariates import read_covariates, read_static
from .tables.targets import Track, read_targets


class Origins(NamedTuple):
    """Positions in a series where windows have their first future step."""

    training: Values
    validation: Values
    calibration: Values


class Tables(NamedTuple):
    """Tables of a user."""

    y: Any
    past_covariates: Any = None
    future_covariates: Any = None
    static_covariates: Any = None


def fit(parameters: Parameters, tables: Tables, until: Any = None) -> Fitted:
    """Return the state of a forecaster that is fitted to the tables, or to their rows up to the time ``until``."""
    parameters._check()
    state = _read(parameters, tables, until)
    held = parameters.horizon if parameters.calibration_fraction else state.shape.horizon
    state.check_lengths(held)
    origins = {key: _split(parameters, state, len(track.index)) for key, track in state.tracks.items()}
    scales = {
        key: scale_of(track.values[: _held_from(origins[key], len(track.index))], state.scaling)
        for key, track in state.tracks.items()
    }
    state = replace(state, scales=scales)
    samples = {key: state.sample(key, 0) for key in state.tracks}
    training = _windows(state, samples, {key: one.training for key, one in origins.items()})
    validation = _windows(state, samples, {key: one.validation for key, one in origins.items()})
    if training is None or (validation is None and parameters.early_stopping):
        raise ValueError(
            f"y has too few rows for windows of training, of validation_fraction={parameters.validation_fraction} and of "
            f"calibration_fraction={parameters.calibration_fraction}. Give more rows, or smaller fractions."
        )
    with seed_of(parameters):
        model = build_network(training, parameters._units, parameters.dropout, state.head, parameters.learning_rate)
        state = replace(state, model=model)
        history = train(parameters, state, training, validation, parameters.epochs)
    state = replace(state, history=history)
    if parameters.calibration_fraction:
        calibration = {key: one.calibration for key, one in origins.items()}
        state = replace(state, scores=calibration_scores(state, calibration, parameters.horizon, recursion_of(parameters)))
    return state


def seed_of(parameters: Parameters) -> AbstractContextManager[None]:
    """Return a context in which random numbers come from ``random_state``."""
    return nullcontext() if parameters.random_state is None else seeded(parameters.random_state)


def recursion_of(parameters: Parameters) -> Recursion | None:
    """Return how to forecast step by step, or None if all steps come from one call."""
    return Recursion(parameters.num_samples, parameters.random_state) if parameters.strategy == "recursive" else None


def _read(parameters: Parameters, tables: Tables, until: Any) -> Fitted:
    columns = parameters._columns
    tracks, layout, offset = read_targets(tables.y, columns, parameters.freq, parameters.gaps)
    if until is not None:
        cut = {key: (track, int(track.index.searchsorted(until, side="right"))) for key, track in tracks.items()}
        tracks = {key: Track(track.index[:end], track.values[:end]) for key, (track, end) in cut.items()}
    if parameters.strategy == "recursive" and tables.past_covariates is not None:
        raise ValueError(
            "strategy='recursive' takes no past_covariates, which later steps would need too. "
            "Give future_covariates, or choose strategy='direct'."
        )
    head = make_head(parameters.loss, parameters.quantiles, parameters.distribution, parameters.df)
    return Fitted(
        parameters=Parameters(**parameters.get_params()),
        shape=parameters._window_shape(),
        gaps=parameters.gaps,
        scaling=parameters.scaling,
        layout=layout,
        offset=offset,
        calendar=choose_features(parameters.calendar, [track.index for track in tracks.values()]),
        tracks=tracks,
        scales={},
        trained_until={key: track.index[-1] for key, track in tracks.items() if len(track.index)},
        past=read_covariates(tables.past_covariates, "past_covariates", columns, None, offset, until),
        future=read_covariates(tables.future_covariates, "future_covariates", columns, None, offset),
        static=read_static(tables.static_covariates, columns, None),
        embedded=tuple(tracks) if parameters.embed_series else (),
        head=head,
        model=None,  # type: ignore[arg-type]  # follows when the shapes of inputs are known
    )


def _split(parameters: Parameters, state: Fitted, rows: int) -> Origins:
    """Divide the origins of a series by time: training first, then validation, then calibration."""
    ahead = parameters.horizon if parameters.calibration_fraction else state.shape.horizon
    origins = np.arange(state.shape.reach, rows - ahead + 1)
    calibrated = int(np.ceil(parameters.calibration_fraction * len(origins)))
    validated = int(np.ceil(parameters.validation_fraction * len(origins))) if parameters.early_stopping else 0
    calibration = origins[len(origins) - calibrated :]
    before = origins[: len(origins) - calibrated]
    validation = before[max(0, len(before) - validated) :]
    training = np.arange(state.shape.reach, rows - state.shape.horizon + 1)[:: parameters.window_stride]
    if calibrated:
        validation = validation[validation + state.shape.horizon <= calibration[0]]
    held_from = _held_from(Origins(training, validation, calibration), rows)
    return Origins(training[training + state.shape.horizon <= held_from], validation, calibration)


def _held_from(origins: Origins, rows: int) -> int:
    """Return the first row that is a target of validation or calibration."""
    return int(min([rows, *origins.validation[:1], *origins.calibration[:1]]))


def _windows(state: Fitted, samples: dict[Hashable, Any], origins: dict[Hashable, Values]) -> Windows | None:
    """Return the windows of all series that have at least one target, or None if there are none."""

    def cut() -> Iterator[Windows]:
        for key, sample in samples.items():
            for begin in range(0, len(origins[key]), BATCH):  # which bounds the memory that a cut needs
                windows = cut_windows(sample, origins[key][begin : begin + BATCH], state.shape)
                yield windows.take(windows.weight.any(axis=1))

    found = list(cut())
    joined = join_windows(found) if found else None
    return joined if joined is not None and len(joined.target) else None


def train(
    parameters: Parameters, state: Fitted, training: Windows, validation: Windows | None, epochs: int
) -> dict[str, list[float]]:
    """Train the network of a state in place, and return the losses of epochs."""
    masked = state.shape.masked
    options: dict[str, Any] = {"sample_weight": training.weight} if masked else {}
    options["callbacks"] = [LearningRateScheduler(lambda epoch, _: _cosine(parameters.learning_rate, epoch / epochs))]
    if validation is not None:
        held = (validation.inputs, validation.target)
        options["validation_data"] = (*held, validation.weight) if masked else held
        options["callbacks"].append(EarlyStopping(patience=parameters.patience, restore_best_weights=True))
    size = min(parameters.batch_size, len(training.target))
    history = state.model.fit(
        training.inputs, training.target, batch_size=size, epochs=epochs, verbose=parameters.verbose, **options
    )
    return dict(history.history)


def _cosine(rate: float, share: float) -> float:
    """Return the learning rate after a share of the epochs: it falls to zero on half a cosine."""
    return rate * (1 + math.cos(math.pi * share)) / 2


def all_windows(parameters: Parameters, state: Fitted) -> Windows | None:
    """Return the windows of all series, for a training without validation."""
    origins = {
        key: np.arange(state.shape.reach, len(track.index) - state.shape.horizon + 1)[:: parameters.window_stride]
        for key, track in state.tracks.items()
    }
    return _windows(state, {key: state.sample(key, 0) for key in state.tracks}, origins)
