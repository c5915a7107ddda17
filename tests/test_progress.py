"""The bar: one line drawn over and over on a terminal, one line an epoch anywhere else."""

from __future__ import annotations

import io
import re

import pytest
from training_cases import X, Y, make_model

from numba_lstm.console import progress
from numba_lstm.console.progress import Bar


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True

    def lines(self):
        """What is left on the screen."""
        return [line.rsplit("\r", 1)[-1].rstrip() for line in self.getvalue().split("\n")]


@pytest.fixture
def clock(monkeypatch):
    """A clock to be set by hand, beside a wide terminal."""
    monkeypatch.setenv("COLUMNS", "120")
    now = [100.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


def test_a_terminal_shows_steps_time_left_pace_and_values(clock):
    out = Terminal()
    bar = Bar("Epoch 2/5", 40, out=out)
    clock[0] += 3
    bar.draw(10, {"loss": 0.25, "mae": 0.00012345})
    label, line = out.lines()
    assert label == "Epoch 2/5"
    assert line == "10/40 " + "━" * 5 + "─" * 15 + " 9.0s left 300ms/step - loss: 0.2500 - mae: 1.2345e-04"


def test_a_shorter_line_leaves_nothing_of_the_longer_one(clock):
    out = Terminal()
    bar = Bar("", 2, out=out)
    bar.draw(1, {"a_long_name": 1.0})
    bar.finish(2, {})
    sample = out.getvalue().split("\r")
    assert len(sample[2].rstrip("\n")) == len(sample[1])


def test_the_last_line_of_a_terminal_has_the_time_taken(clock):
    out = Terminal()
    bar = Bar("Epoch 1/1", 4, out=out)
    clock[0] += 90
    bar.finish(4, {"loss": 2.0})
    assert out.lines()[1:] == ["4/4 " + "━" * 20 + " 1:30 22s/step - loss: 2.0000", ""]


def test_anywhere_else_there_is_one_line_at_the_end(clock):
    out = io.StringIO()
    bar = Bar("Epoch 1/3", 8, out=out)
    clock[0] += 0.5
    bar.draw(3, {"loss": 1.0})
    assert out.getvalue() == ""
    bar.finish(8, {"loss": 0.5})
    assert out.getvalue() == "Epoch 1/3 - 8/8 - 0.5s - 62ms/step - loss: 0.5000\n"


def test_lines_are_asked_for_on_a_terminal(clock):
    out = Terminal()
    bar = Bar("Epoch 1/3", 8, lines=True, out=out)
    clock[0] += 4000
    assert not bar.due()
    bar.finish(8, {})
    assert out.getvalue() == "Epoch 1/3 - 8/8 - 1:06:40 - 500s/step\n"


def test_it_is_drawn_ten_times_a_second(clock):
    bar = Bar("", 100, out=Terminal())
    assert not bar.due()
    clock[0] += 0.11
    assert bar.due()
    bar.draw(1, {})
    assert not bar.due()


def test_an_unknown_number_of_steps_is_a_question_mark_until_the_end(clock):
    out = Terminal()
    bar = Bar("", None, out=out)
    clock[0] += 1
    bar.draw(7, {})
    assert out.lines()[-1] == "7/? 143ms/step"
    bar.finish(9, {})
    assert out.lines()[-2].startswith("9/9 ━")


def test_a_narrow_terminal_is_wrapped_at_the_end_only(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    bar = Bar("", 5, out=out)
    bar.draw(2, {"loss": 1.0})
    assert len(out.getvalue().strip("\r")) == 19
    bar.finish(5, {"loss": 1.0})
    assert out.lines()[0].endswith("loss: 1.0000")


def test_an_ascii_terminal_gets_ascii(clock):
    out = Terminal()
    out.encoding = "ascii"
    Bar("", 2, out=out).draw(1, {})
    assert "==========.........." in out.getvalue()


VALUES = " - ".join(rf"{name}: \d\.\d{{4}}" for name in ("loss", "mae", "val_loss", "val_mae"))
LINE = rf"Epoch \d/2 - 3/3 - \d+\.\ds - \d+[mu]?s/step - {VALUES}"


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_fit_writes_one_line_an_epoch_where_stdout_is_no_terminal(capsys, verbose):
    make_model(metrics=["mae"]).fit(X, Y, batch_size=4, epochs=2, verbose=verbose, validation_data=(X, Y))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(re.fullmatch(LINE, line) for line in lines)


def test_fit_on_a_terminal_leaves_two_lines_an_epoch(monkeypatch):
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    make_model().fit(X, Y, batch_size=4, epochs=2, verbose=1, validation_data=(X, Y))
    lines = out.lines()
    assert [line[:9] for line in lines] == ["Epoch 1/2", "3/3 ━━━━━", "Epoch 2/2", "3/3 ━━━━━", ""]
    assert "left" in out.getvalue()
    assert "val_loss" in lines[1]


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict"])
def test_verbose_0_is_silent(capsys, call):
    model = make_model()
    getattr(model, call)(*((X,) if call == "predict" else (X, Y)), verbose=0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("call", "data", "values"), [("evaluate", (X, Y), " - loss: "), ("predict", (X,), "step\n")])
def test_evaluate_and_predict_write_a_line(capsys, call, data, values):
    getattr(make_model(), call)(*data, batch_size=4)
    out = capsys.readouterr().out
    assert out.startswith("3/3 - ")
    assert values in out
    assert out.count("\n") == 1
