"""What an LSTM layer draws in training: dropout and zoneout."""

from __future__ import annotations

import numpy as np
import pytest
from lstm_layers import KEY, NOISE, D, H, N, X, forward, host, lstm
from tolerances import RECURRENT, assert_close

from numba_lstm import philox
from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Key
from numba_lstm.layers.cells.noise import NoiseRates
from numba_lstm.naming import names


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(8)
    names.reset()


@pytest.mark.parametrize("name", NOISE)
def test_noise_is_drawn_in_training_from_the_key_alone(name):
    layer = lstm(**NOISE[name])
    first, duplicate = forward(layer, training=True).y, forward(layer, training=True).y
    assert np.array_equal(host(first), host(duplicate))
    assert not np.allclose(host(first), layer(X))
    assert np.array_equal(layer(X), layer(X))


def test_a_layers_own_seed_takes_the_place_of_the_streams():
    ops, x = get_ops(), get_ops().gather(X, slice(None), "float64")
    layer = lstm(dropout=0.4, seed=9)
    ys = [host(layer.forward(ops, x, training=True, rng=Key(seed, 2, 3)).y) for seed in (1, 2)]
    assert np.array_equal(*ys)
    assert not np.array_equal(ys[0], host(layer.forward(ops, x, training=True, rng=Key(1, 3, 3)).y))


def test_dropout_has_one_mask_for_all_steps_and_gates():
    """x is dropped as ``ops.dropout_forward`` does: the LSTM of the dropped x is the LSTM with dropout."""
    ops = get_ops()
    keep = ops.dropout_forward(ops.asarray(np.ones((1, N, D)), "float64"), 0.4, KEY)[0]
    assert_close(host(forward(lstm(dropout=0.4), training=True).y), lstm()(X * host(keep)[0][:, None]), RECURRENT["float64"])


@pytest.mark.parametrize("name", ["recurrent_dropout", "both"])
def test_recurrent_dropout_has_masks_of_each_gate_for_all_steps(name):
    """Four LSTMs of one step each, their inputs dropped by hand: gate k of the first is gate k of the layer."""
    rates, ops = NOISE[name], get_ops()
    record = {}

    class Spy:
        def __getattr__(self, op):
            return getattr(ops, op)

        def lstm_forward(self, *args, **options):
            record.update(options)
            return ops.lstm_forward(*args, **options)

    lstm(**rates).forward(Spy(), ops.gather(X, slice(None), "float64"), training=True, rng=KEY)
    noise = record["noise"]
    for masks, rate, size in ((noise.inputs, rates.get("dropout"), D), (noise.recurrent, rates["recurrent_dropout"], H)):
        if rate is None:
            assert masks is None
            continue
        masks = host(masks)
        assert masks.shape == (4, N, size)
        assert np.all((masks == 0) | np.isclose(masks, 1 / (1 - rate)))
        assert not any(np.array_equal(masks[i], masks[j]) for i in range(4) for j in range(i))
    assert noise.zoneout_h is noise.zoneout_c is None


def test_rates_are_the_shares_of_what_is_dropped_or_kept():
    rates = NoiseRates(0.1, 0.3, 0.6, 0.8)
    noise = rates.draw(get_ops(), (20, 40, 50), 60, 70, "float32", KEY)
    shares = [np.mean(host(noise.inputs) == 0), np.mean(host(noise.recurrent) == 0)]
    shares += [np.mean(host(noise.zoneout_h)), np.mean(host(noise.zoneout_c))]
    assert (noise.zoneout_h.shape, noise.zoneout_c.shape) == ((20, 40, 60), (20, 40, 70))
    for share, rate in zip(shares, (0.1, 0.3, 0.6, 0.8), strict=True):
        assert abs(share - rate) < 5 * np.sqrt(rate * (1 - rate) / 8000)
