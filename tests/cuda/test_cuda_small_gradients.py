"""Updates by small gradients, with the ops of the CUDA package."""

from __future__ import annotations

from test_small_gradients import (
    test_a_second_moment_keeps_what_is_not_denormal,
    test_steps_of_a_small_gradient,
    test_three_steps_of_adam,
    test_three_steps_of_nadam,
)
