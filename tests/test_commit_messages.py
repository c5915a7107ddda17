"""Commit messages: what the hook refuses, and what it takes."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "commit_message.py"


@pytest.fixture(scope="module")
def faults():
    if not SCRIPT.exists():
        pytest.skip("an sdist has no .ci")
    spec = importlib.util.spec_from_file_location("commit_message", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.faults


@pytest.mark.parametrize(
    "subject",
    [
        "Carry both states through a masked step",
        "Address rows by 64-bit offsets",
        "Process batches in order",
        "Cut " + 68 * "x",
    ],
)
def test_an_imperative_subject_and_a_body_are_taken(faults, subject):
    assert faults(f"{subject}\n\nA masked step lost c.\n") == []


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("Wrapped lines\n\nWhy.", "imperative"),
        ("Names\n\nWhy.", "imperative"),
        ("Fixing the mask\n\nWhy.", "imperative"),
        ("The mask of a step\n\nWhy.", "imperative"),
        ("fix the mask\n\nWhy.", "capitals"),
        ("Fix the mask.\n\nWhy.", "full stop"),
        ("Fix the mask\nWhy.", "empty line"),
        ("Fix the mask\n", "body"),
        ("Fix the mask\n\n# a comment of git's\n", "body"),
        ("Cut " + 69 * "x" + "\n\nWhy.", "73 characters"),
    ],
)
def test_anything_else_is_refused(faults, message, fault):
    assert len(actual := faults(message)) == 1
    assert fault in actual[0]
