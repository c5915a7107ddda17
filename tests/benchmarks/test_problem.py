"""What all engines are given."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.problem import WINDOWS, Problem, Shape


def test_flops_of_a_forward_pass_are_those_of_its_products():
    T, N, D, H = 5, 3, 7, 11
    assert Shape(N, T, D, H).forward_flops == T * (2 * N * D * 4 * H + 2 * N * H * 4 * H)


def test_training_adds_the_gradients_of_both_kernels_and_of_the_state():
    T, N, D, H = 5, 3, 7, 11
    backward = T * (2 * D * N * 4 * H + 2 * H * N * 4 * H + 2 * N * 4 * H * H)
    assert Shape(N, T, D, H).training_flops == Shape(N, T, D, H).forward_flops + backward


def test_weights_are_keras_shaped_and_all_different():
    weights = Problem(Shape(3, 5, 7, 11)).weights
    assert [w.shape for w in weights] == [(7, 44), (11, 44), (44,), (11, 1), (1,)]
    flat = np.concatenate([w.ravel() for w in weights])
    assert len(np.unique(flat)) == len(flat)


def test_the_same_in_every_process():
    first = Problem(Shape(2, 3, 1, 4))
    np.testing.assert_allclose(first.x[:, 0, 0], [-0.55601364, 0.8372218], rtol=1e-6)
    assert np.array_equal(first.x, Problem(Shape(2, 3, 1, 4)).x)


def test_an_epoch_is_windows_and_what_follows_each():
    x, y = Problem(Shape(32, 5, 1, 4)).windows
    assert (x.shape, y.shape) == ((WINDOWS, 5, 1), (WINDOWS, 1))
    assert np.array_equal(x[1:, -1, 0], y[:-1, 0])
