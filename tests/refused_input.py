"""An assertion that ``fit`` refuses its input and changes nothing."""

from __future__ import annotations

import pytest
from training_cases import same_weights


def refuses(model, sentence, **arguments):
    before, built = model.get_weights(), model.built
    with pytest.raises((TypeError, ValueError), match=sentence):
        model.fit(**{"verbose": 0, **arguments})
    assert model.built == built
    assert same_weights(before, model.get_weights())
    assert model.optimizer.iterations == 0
