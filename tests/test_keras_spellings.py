"""Names and arguments as Keras's programs spell them."""

from __future__ import annotations

import pytest

from numba_lstm import constraints, initializers, regularizers


@pytest.mark.parametrize(
    ("module", "name", "class_name"),
    [
        *((regularizers, *pair) for pair in [("l1", "L1"), ("l2", "L2"), ("l1_l2", "L1L2")]),
        (regularizers, "orthogonal_regularizer", "OrthogonalRegularizer"),
        *((constraints, *pair) for pair in [("max_norm", "MaxNorm"), ("non_neg", "NonNeg")]),
        *((constraints, *pair) for pair in [("unit_norm", "UnitNorm"), ("min_max_norm", "MinMaxNorm")]),
        *((initializers, *pair) for pair in [("zeros", "Zeros"), ("ones", "Ones"), ("constant", "Constant")]),
        *((initializers, *pair) for pair in [("identity", "Identity"), ("IdentityInitializer", "Identity")]),
        *((initializers, *pair) for pair in [("orthogonal", "Orthogonal"), ("OrthogonalInitializer", "Orthogonal")]),
        *((initializers, *pair) for pair in [("random_uniform", "RandomUniform"), ("random_normal", "RandomNormal")]),
        *((initializers, *pair) for pair in [("truncated_normal", "TruncatedNormal"), ("glorot_normal", "GlorotNormal")]),
        *((initializers, *pair) for pair in [("variance_scaling", "VarianceScaling"), ("glorot_uniform", "GlorotUniform")]),
        *((initializers, *pair) for pair in [("he_uniform", "HeUniform"), ("he_normal", "HeNormal")]),
        *((initializers, *pair) for pair in [("lecun_uniform", "LecunUniform"), ("lecun_normal", "LecunNormal")]),
    ],
)
def test_lower_case_names_are_the_classes(module, name, class_name):
    assert getattr(module, name) is getattr(module, class_name)


def test_lower_case_names_take_the_arguments():
    assert regularizers.l1_l2(l1=0.1, l2=0.2).get_config() == {"l1": 0.1, "l2": 0.2}
    assert regularizers.l2(0.5)([2.0]) == 2.0
    assert constraints.max_norm(3).get_config() == {"max_value": 3.0, "axis": 0}
    assert initializers.glorot_uniform(seed=3).get_config() == {"seed": 3}
