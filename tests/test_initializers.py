"""Initial weights."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import initializers, philox

SHAPE = (70, 110)
NAMES = sorted(name for name in initializers._REGISTRY if name.islower())


@pytest.fixture(autouse=True)
def _seed():
    philox.set_random_seed(5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_every_initializer_answers_the_shape_and_dtype_asked_for(name, dtype):
    values = initializers.get(name)((7, 11), dtype)
    assert values.shape == (7, 11)
    assert values.dtype == dtype


@pytest.mark.parametrize("name", NAMES)
def test_every_initializer_survives_its_config(name):
    initializer = initializers.get(name)
    duplicate = initializers.get(initializers.serialize(initializer))
    assert type(duplicate) is type(initializer)
    assert duplicate.get_config() == initializer.get_config()


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("glorot_uniform", np.sqrt(6 / 180)),
        ("he_uniform", np.sqrt(6 / 70)),
        ("lecun_uniform", np.sqrt(3 / 70)),
        ("random_uniform", 0.05),
    ],
)
def test_uniform_initializers_fill_their_interval(name, limit):
    values = initializers.get(name)(SHAPE)
    assert 0.998 * limit < values.max() <= limit
    assert -limit <= values.min() < -0.998 * limit
    assert abs(values.mean()) < 5 * limit / np.sqrt(3 * values.size)


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("glorot_normal", np.sqrt(2 / 180)),
        ("he_normal", np.sqrt(2 / 70)),
        ("lecun_normal", np.sqrt(1 / 70)),
        ("random_normal", 0.05),
        ("truncated_normal", 0.05 * 0.87962566103423978),
    ],
)
def test_normal_initializers_have_their_standard_deviation(name, deviation):
    values = initializers.get(name)(SHAPE)
    assert abs(values.std() / deviation - 1) < 5 / np.sqrt(2 * values.size)


def test_truncated_initializers_hold_nothing_beyond_two_standard_deviations():
    assert np.abs(initializers.TruncatedNormal(stddev=0.5)(SHAPE)).max() <= 1
    assert np.abs(initializers.TruncatedNormal(mean=3, stddev=0.5)(SHAPE) - 3).max() <= 1


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal", "normal"])
def test_variance_scaling_has_the_variance_of_its_mode(mode, distribution):
    n = {"fan_in": 70, "fan_out": 110, "fan_avg": 90}[mode]
    values = initializers.VarianceScaling(3.0, mode, distribution)(SHAPE)
    assert abs(values.var() * n / 3 - 1) < 0.1


def test_untruncated_normal_goes_beyond_two_standard_deviations():
    values = initializers.VarianceScaling(distribution="untruncated_normal")(SHAPE)
    assert np.abs(values).max() > 3 / np.sqrt(70)


@pytest.mark.parametrize("shape", [(11, 44), (44, 11), (9, 9), (3, 5, 4)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape):
    matrix = initializers.Orthogonal(gain=2.0)(shape, "float64").reshape(-1, shape[-1])
    short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    assert np.allclose(short @ short.T, 4 * np.eye(len(short)), atol=1e-13)


def test_orthogonal_matrices_have_both_signs_on_their_diagonal():
    matrix = initializers.Orthogonal()((30, 30))
    assert 3 < np.sum(np.diag(matrix) > 0) < 27


def test_constants_are_constant():
    assert np.all(initializers.get("zeros")((3, 5)) == 0)
    assert np.all(initializers.get("ones")((3, 5)) == 1)
    assert np.all(initializers.Constant(-2.5)((3, 5)) == -2.5)
    assert np.array_equal(initializers.Identity(3.0)((2, 3)), [[3, 0, 0], [0, 3, 0]])


def test_a_seeded_initializer_repeats_itself_and_an_unseeded_one_does_not():
    seeded, unseeded = initializers.GlorotUniform(seed=4), initializers.GlorotUniform()
    assert np.array_equal(seeded((3, 5)), seeded((3, 5)))
    assert not np.any(unseeded((3, 5)) == unseeded((3, 5)))


def test_float32_values_are_the_rounded_float64_values():
    initializer = initializers.RandomNormal(seed=1)
    assert np.array_equal(initializer(SHAPE, "float32"), initializer(SHAPE, "float64").astype("float32"))


def test_skipped_gives_zeros_and_draws_nothing():
    before = philox.default_stream().state
    with initializers.skip_initialization():
        assert not np.any(initializers.get("orthogonal")((3, 5)))
    assert philox.default_stream().state == before
    assert np.any(initializers.get("orthogonal")((3, 5)))


def test_a_subclass_may_be_given_as_object_and_as_class():
    class Halves(initializers.Initializer):
        def draw(self, shape):
            return np.full(shape, 0.5)

    assert np.all(initializers.get(Halves())((2, 3)) == 0.5)
    assert np.all(initializers.get(Halves)((2, 3), "float64") == 0.5)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: initializers.get("glorot_unifrom"), ValueError, "did you mean 'glorot_uniform'"),
        (lambda: initializers.get(3), TypeError, "must be a name"),
        (lambda: initializers.get({"class_name": "Cubic", "config": {}}), ValueError, "unknown initializer 'Cubic'"),
        (lambda: initializers.VarianceScaling(scale=0), ValueError, "above 0"),
        (lambda: initializers.VarianceScaling(mode="fan_on"), ValueError, "did you mean 'fan_in'|'fan_out'"),
        (lambda: initializers.VarianceScaling(distribution="unifrom"), ValueError, "did you mean 'uniform'"),
        (lambda: initializers.Orthogonal()((3,)), ValueError, "two axes"),
        (lambda: initializers.Identity()((3,)), ValueError, "two axes"),
        (lambda: initializers.GlorotUniform(seed=1.5), TypeError, "a seed must be"),
    ],
)
def test_bad_arguments_are_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()
