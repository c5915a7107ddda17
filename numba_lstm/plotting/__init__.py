"""Pictures of models and their training, by the Display objects of scikit-learn: ``pip install 'numba_lstm[plot]'``.

The class methods of a display compute its data and draw them. ``plot(ax=None)`` draws them again, keeps ``ax_`` and
``figure_``, and returns the display.
"""

from .attention import AttentionDisplay
from .forecast import ForecastDisplay, Interval
from .gates import GatesDisplay
from .learning_curve import LearningCurveDisplay
from .memory import MemoryDisplay
from .saliency import SaliencyDisplay
from .weights import WeightsDisplay

__all__ = [
    "AttentionDisplay",
    "ForecastDisplay",
    "GatesDisplay",
    "Interval",
    "LearningCurveDisplay",
    "MemoryDisplay",
    "SaliencyDisplay",
    "WeightsDisplay",
]
