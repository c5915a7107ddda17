"""The demo, ``python -m numba_lstm``: the problem it poses, the forecast it makes, the options it refuses."""

from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest
from tolerances import ELEMENTWISE, assert_each_close

from numba_lstm import device
from numba_lstm.data import load_seattle_weather
from numba_lstm.demo import command, digest, problem
from numba_lstm.demo.problem import load_problem, mae, rmse


@pytest.fixture(scope="module")
def seattle():
    return load_problem()


@pytest.fixture(scope="module")
def weather():
    return load_seattle_weather()


# -- the problem --------------------------------------------------------------------------------------------------------


def test_training_windows_end_before_the_test_year(seattle):
    assert seattle.x_train.shape == (1066, 30, 11)  # 366 + 365 + 365 days, of which the first 30 have no full window before
    assert seattle.x_test.shape == (365, 30, 11)
    np.testing.assert_array_equal(seattle.date, np.arange("2015-01-01", "2016-01-01", dtype="datetime64[D]"))


def test_a_window_ends_on_the_day_before_the_forecast(seattle, weather):
    training = weather["date"] < np.datetime64("2015-01-01")
    maximum = weather["temp_max"]
    standard = ((maximum - maximum[training].mean()) / maximum[training].std()).astype(np.float32)
    np.testing.assert_array_equal(seattle.x_test[:, -1, 1], standard[1095:-1])
    np.testing.assert_array_equal(seattle.x_test[:, 0, 1], standard[1066:-30])


def test_change_leads_from_today_to_tomorrow(seattle, weather):
    maximum = weather["temp_max"]
    assert_each_close(maximum[29:1095] + seattle.scale * seattle.y_train[:, 0], maximum[30:1096], ELEMENTWISE["float32"])


def test_the_right_change_is_a_perfect_forecast(seattle):
    change = (seattle.truth - seattle.today) / seattle.scale
    assert_each_close(seattle.forecast(change[:, None]), seattle.truth, ELEMENTWISE["float64"])


def test_columns_are_standardised_by_the_training_years(seattle):
    days = np.concatenate([seattle.x_train[0], seattle.x_train[1:, -1], seattle.x_test[:1, -1]]).astype(np.float64)
    assert len(days) == 1096  # every day before 2015, once
    assert_each_close(days.mean(axis=0), np.zeros(11), ELEMENTWISE["float32"])
    assert_each_close(days.std(axis=0), np.ones(11), ELEMENTWISE["float32"])


def test_nothing_of_the_test_year_reaches_training(seattle, weather, monkeypatch):
    last_year = weather["date"] >= np.datetime64("2015-01-01")
    changed = {name: column.copy() for name, column in weather.items()}
    for name in problem.MEASURED:
        changed[name][last_year] += 40
    monkeypatch.setattr(problem, "load_seattle_weather", lambda: changed)
    other = load_problem()
    np.testing.assert_array_equal(other.x_train, seattle.x_train)
    np.testing.assert_array_equal(other.y_train, seattle.y_train)
    assert other.scale == seattle.scale


def test_forecasts_without_a_model_have_their_known_errors(seattle):
    assert round(rmse(seattle.today, seattle.truth), 2) == 2.91
    assert round(rmse(seattle.last_year, seattle.truth), 2) == 4.88


def test_errors_are_the_usual_ones():
    forecast, truth = np.array([1.0, -2.0, 6.0]), np.array([2.0, 1.0, 4.0])
    assert rmse(forecast, truth) == pytest.approx(np.sqrt(14 / 3))
    assert mae(forecast, truth) == 2


# -- the run ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    """Exit code, what was printed, and the folder it wrote to, of one run with its default recipe."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        out = io.StringIO()
        patch.setattr(sys, "stdout", out)
        code = command.main(["--save", str(folder / "weather"), "--plot", str(folder / "weather.png")])
    return code, out.getvalue(), folder


def test_run_succeeds(whole_run):
    assert whole_run[0] == 0


def test_lstm_beats_persistence_by_six_percent(whole_run):
    (gain,) = re.findall(r"The LSTM's RMSE is ([\d.]+)% below persistence", whole_run[1])
    assert float(gain) >= 6


@pytest.mark.parametrize(
    "row", ["LSTM", "as today .persistence. +. +2.91", "as the same day last year +. +4.88", "RMSE °C", "MAE °C"]
)
def test_table_shows(whole_run, row):
    assert re.search(row, whole_run[1])


def test_every_epoch_has_its_loss_and_time(whole_run):
    lines = re.findall(r"Epoch (\d+)/20 .*?([\d.]+)s .*loss: ([\d.]+)", whole_run[1])
    assert [int(epoch) for epoch, _, _ in lines] == list(range(1, 21))
    losses = [float(loss) for _, _, loss in lines]
    assert losses[-1] < 0.9 * losses[0]


def test_summary_and_device_are_printed(whole_run):
    assert "Total params: 5,665" in whole_run[1]  # 4 * 32 * (11 + 32 + 1) + 33
    assert re.search(r"Device: (\w+)\n[\s\S]*Trained on \1 in [\d.]+ s", whole_run[1])


def test_a_new_process_forecasts_the_same_bits(whole_run):
    assert re.search(r"365 forecasts equal bit for bit \(SHA-256 [0-9a-f]{16}\.\.\.\)", whole_run[1])


def test_model_and_picture_are_kept(whole_run):
    assert (whole_run[2] / "weather.nlstm").is_file()
    assert (whole_run[2] / "weather.png").read_bytes().startswith(b"\x89PNG")


def test_other_bits_are_a_failure(monkeypatch, capsys):
    monkeypatch.setattr(command, "digest_in_new_process", lambda file, device: "0" * 64)
    assert command.main(["--epochs", "1", "--units", "1"]) == 1
    assert "forecasts other bits" in capsys.readouterr().err


def test_a_failing_process_is_reported(tmp_path):
    with pytest.raises(RuntimeError, match=r"ended with code 1:[\s\S]*no\.nlstm"):
        digest.digest_in_new_process(tmp_path / "no.nlstm", "cpu")


# -- the options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--epochs", "0"], "argument --epochs: expected a whole number of at least 1, got '0'."),
        (["--epochs", "many"], "argument --epochs: expected a whole number of at least 1, got 'many'."),
        (["--units", "-3"], "argument --units: expected a whole number of at least 1, got '-3'."),
        (["--seed", "-1"], "argument --seed: expected a whole number of at least 0, got '-1'."),
        (["--seed", str(2**64)], "argument --seed: a seed must be from 0 to 2**64 - 1, got 18446744073709551616."),
        pytest.param(
            ["--device", "cuda"],
            "argument --device: device='cuda' cannot be used: ",
            marks=pytest.mark.skipif(device.obstacle() is None, reason="there is a GPU"),
        ),
        (["--device", "tpu"], "argument --device: the device must be one of 'auto'"),
        (["--save", "model.h5"], "argument --save: expected a file name that ends in .nlstm, got 'model.h5'."),
        (["--save", "nowhere/model.nlstm"], "argument --save: nowhere/model.nlstm: the folder "),
        (["--save", "folder.nlstm"], "argument --save: folder.nlstm: it is a folder. Give the name of a file in it."),
        (["--plot", "plot.jpg"], "argument --plot: expected a file name that ends in .png, got 'plot.jpg'."),
    ],
)
def test_bad_option_is_a_sentence(arguments, sentence, capsys, tmp_path, monkeypatch):
    (tmp_path / "folder.nlstm").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "load_problem", lambda: pytest.fail("it began before the options were checked"))
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err


def test_plot_without_matplotlib_says_how_to_install_it_before_training(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(command, "load_problem", lambda: pytest.fail("it began before the options were checked"))
    with pytest.raises(SystemExit) as end:
        command.main(["--plot", "weather.png"])
    assert end.value.code == 2
    assert "pip install 'numba_lstm[plot]'" in capsys.readouterr().err
