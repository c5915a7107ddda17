"""Engines in turns: who is timed, and who is not."""

from __future__ import annotations

import pytest

from benchmarks.peers.problem import Shape
from benchmarks.peers.process import Died, Failed
from benchmarks.peers.race import Race

SHAPE = Shape(2, 5, 3, 4)


class Scripted:
    """A worker that answers as told. ``seconds`` are those of its turns; an exception among them is raised."""

    def __init__(self, answer=(0.5, 0.25), seconds=(), **reply):
        self.reply = {"answer": list(answer), "activation": "tanh", "flops": None, **reply}
        self.seconds = list(seconds)
        self.timed = 0

    def ask(self, do, **arguments):
        if do == "prepare":
            return self.reply
        if do == "warm":
            return {}
        self.timed += 1
        value = self.seconds[(self.timed - 1) % len(self.seconds)]
        if isinstance(value, Exception):
            raise value
        return {"seconds": value}

    def close(self):
        pass


def run(rounds=3, **workers):
    race = Race(1, workers, {"peak": Scripted(seconds=[1e-3], flops=1e6), "reference": Scripted()})
    return race, race.run("infer", SHAPE, rounds)


def test_medians_of_the_rounds():
    _, result = run(numba_lstm=Scripted(seconds=[1.0, 9.0, 2.0]), torch=Scripted(seconds=[4.0, 3.0, 5.0]))
    assert result.seconds == {"numba_lstm": 2.0, "torch": 4.0}
    assert result.peak == pytest.approx(1e9)
    assert result.rate("numba_lstm") == SHAPE.forward_flops / 2


def test_ours_with_fewer_threads_takes_turns_too():
    ours = Scripted(seconds=[2.0])
    _, result = run(numba_lstm=ours, fewer=Scripted(seconds=[4.0, 3.0, 9.0]))
    assert (result.seconds, result.fewer) == ({"numba_lstm": 2.0}, 4.0)
    race, result = run(numba_lstm=ours, fewer=Scripted(answer=(0.5, 0.26), seconds=[1.0]))
    assert (result.seconds, result.fewer) == ({"numba_lstm": 2.0}, None)
    assert race.troubles == ["numba_lstm with fewer threads wrong at infer 2 5 3 4: 0.01 from the reference"]


def test_a_gpu_has_no_peak():
    race = Race(1, {"numba_lstm": Scripted(seconds=[1.0])}, {"reference": Scripted()}, "cuda")
    result = race.run("infer", SHAPE, 3)
    assert (result.device, result.seconds, result.peak) == ("cuda", {"numba_lstm": 1.0}, None)


def test_a_wrong_answer_is_not_timed():
    wrong = Scripted(answer=(0.5, 0.26), seconds=[1e-9])
    race, result = run(numba_lstm=Scripted(seconds=[1.0]), torch=wrong)
    assert wrong.timed == 0
    assert result.reasons == {"torch": "wrong"}
    assert race.troubles == ["PyTorch wrong at infer 2 5 3 4: 0.01 from the reference"]


def test_unsupported_is_no_trouble():
    race, result = run(numba_lstm=Scripted(seconds=[1.0]), openvino=Scripted(unsupported="no training"))
    assert result.reasons == {"openvino": "unsupported"}
    assert race.troubles == []


def test_one_that_fails_is_out_of_this_race_only():
    race, result = run(numba_lstm=Scripted(seconds=[1.0]), torch=Scripted(seconds=[2.0, Failed("out of memory"), 3.0]))
    assert result.seconds == {"numba_lstm": 1.0}
    assert race.troubles == ["PyTorch failed at infer 2 5 3 4: out of memory"]
    assert "torch" in race.workers


def test_one_that_dies_is_out_for_good():
    race, result = run(numba_lstm=Scripted(seconds=[1.0]), torch=Scripted(seconds=[Died("exit code -4")]))
    assert result.reasons == {"torch": "failed"}
    assert "torch" not in race.workers
    assert race.run("infer", SHAPE, 1).seconds == {"numba_lstm": 1.0}
