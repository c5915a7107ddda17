"""The demo's model and its training. ``docs/weather.md`` says how the hyperparameters were chosen."""

from __future__ import annotations

from dataclasses import dataclass

from ..callbacks import History
from ..layers import LSTM, Dense, Dropout, Input
from ..models.sequential import Sequential
from ..optimizers import Adam
from ..optimizers.schedules import CosineDecay
from .problem import Problem


@dataclass(frozen=True)
class Recipe:
    """An LSTM, dropout and a dense layer, trained by Adam with a learning rate that falls to zero on half a cosine."""

    units: int = 32
    dropout: float = 0.5
    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 5e-3

    def build(self, problem: Problem, device: str | None = None) -> Sequential:
        """Return a compiled model for ``problem``."""
        samples, *shape = problem.x_train.shape
        layers = [Input(shape=shape), LSTM(self.units), Dropout(self.dropout), Dense(1)]
        model = Sequential(layers, name="weather", device=device)
        steps = self.epochs * -(-samples // self.batch_size)
        model.compile(optimizer=Adam(CosineDecay(self.learning_rate, decay_steps=steps)), loss="mean_squared_error")
        return model

    def train(self, model: Sequential, problem: Problem, verbose: int | str = "auto") -> History:
        """Fit ``model`` to the training windows of ``problem``."""
        return model.fit(problem.x_train, problem.y_train, batch_size=self.batch_size, epochs=self.epochs, verbose=verbose)
