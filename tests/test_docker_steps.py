"""The Dockerfile of the example: what ``.ci/run`` runs without Docker are its steps."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "examples" / "docker"
LINES = (FOLDER / "Dockerfile").read_text(encoding="utf-8").splitlines()


def test_the_image_has_twenty_lines_and_another_user():
    assert len(LINES) <= 20
    assert LINES.index("USER forecaster") < LINES.index('CMD ["python", "predict.py"]')


def test_the_kernels_are_compiled_before_the_user_changes_into_a_folder_of_their_own():
    steps = [line for line in LINES if line.startswith("RUN python ")]
    assert [("train" in steps[0], "warmup" in steps[1], len(steps))] == [(True, True, 2)]
    assert max(map(LINES.index, steps)) < LINES.index("USER forecaster")
    assert LINES.index("ENV NUMBA_LSTM_CACHE_DIR=/opt/kernels") < min(map(LINES.index, steps))
    for name in ("train.py", "predict.py"):
        compile((FOLDER / name).read_text(encoding="utf-8"), name, "exec")
