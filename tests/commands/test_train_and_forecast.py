"""The commands train, forecast and evaluate: their tables, files and pictures."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys

import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

import numpy as np
import pandas as pd
from command_files import SMALL, future, rows, write

from numba_lstm import __main__
from numba_lstm.commands import scores
from numba_lstm.forecasting import LSTMForecaster
from numba_lstm.forecasting.tables.targets import Track


def cells(out):
    """The cells of a table by their first column."""
    lines = [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in out.splitlines()]
    return {line[0]: line[1:] for line in lines if len(line) == 3}


def test_train_prints_one_table_and_writes_a_forecaster_and_a_picture(tmp_path, run):
    pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'numba_lstm[plot]'")
    data = write(tmp_path / "d.csv", rows())
    files = ["--save", tmp_path / "m.nlstm", "--plot", tmp_path / "f.png"]
    code, out, err = run("train", data, *SMALL, "--quantiles", "0.9", "0.1", "0.5", *files)
    table = cells(out)
    assert (code, err) == (0, "")
    assert table["d.csv: y"] == ["forecaster", "seasonal naive"]
    assert table["rows"][0] == "72"
    assert [table[name][0] for name in ("first time", "last time")] == ["2024-01-01 00:00:00", "2024-01-03 23:00:00"]
    assert table["values compared"] == ["8", "8"]
    assert table["MAE"][1] == "0"  # the period is 12, the season 24
    assert set(table) > {"RMSE", "pinball", "within 80% interval"}
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    assert LSTMForecaster.load(tmp_path / "m.nlstm").predict()["ts"].iloc[0] == pd.Timestamp("2024-01-04")


def test_evaluate_repeats_the_figures_of_the_training(trained, run):
    _, first, _ = run("train", trained / "d.csv", *SMALL, "--quantiles", "0.1", "0.5", "0.9")
    code, second, _ = run("evaluate", trained / "plain.nlstm", trained / "d.csv")
    assert (code, second) == (0, first)


def test_forecast_writes_quantiles_as_csv_in_the_dialect_of_the_options(trained, run, tmp_path):
    code, out, err = run("forecast", trained / "plain.nlstm")
    assert (code, err) == (0, "")
    header, *lines = csv.reader(io.StringIO(out))
    assert header == ["ts", "y", "y_0.1", "y_0.5", "y_0.9"]
    assert [line[0] for line in lines] == [f"2024-01-04 0{hour}:00:00" for hour in range(4)]
    assert all(float(low) <= float(middle) <= float(high) for _, _, low, middle, high in lines)
    dialect = ["--delimiter", ";", "--decimal", ",", "--out", tmp_path / "f.csv"]
    assert run("forecast", trained / "plain.nlstm", *dialect) == (0, "", "")
    assert (tmp_path / "f.csv").read_text() == out.replace(",", ";").replace(".", ",").replace("y_0,", "y_0.")


def test_forecast_follows_the_rows_of_a_file_and_reads_future_covariates(trained, run, tmp_path):
    more = write(tmp_path / "more.csv", [*rows(76)[72:], *future(begin=76)])
    code, out, _ = run("forecast", trained / "covariates.nlstm", more)
    assert code == 0
    assert out.splitlines()[1].startswith("2024-01-04 04:00:00,")


def test_alone_reads_no_row_of_the_training(trained, run, tmp_path):
    later = write(tmp_path / "later.csv", [row.replace("2024-", "2030-") for row in rows(30)])
    code, out, _ = run("forecast", trained / "plain.nlstm", later, "--alone")
    assert code == 0
    assert out.splitlines()[1].startswith("2030-01-02 06:00:00,")
    code, out, _ = run("evaluate", trained / "plain.nlstm", later, "--alone", "--out", tmp_path / "b.csv")
    assert (code, cells(out)["values compared"][0]) == (0, "20")
    assert (tmp_path / "b.csv").read_text().startswith("series,cutoff,time,step,y,forecast,forecast_0.1,")


def test_info_says_what_a_forecaster_was_fitted_to(trained, run):
    code, out, _ = run("info", trained / "covariates.nlstm")
    assert code == 0
    assert {
        "forecasts: 4 steps of h from 8",
        "series: y",
        "rows: 72, from 2024-01-01 00:00:00 to 2024-01-03 23:00:00",
        "trained until: 2024-01-03 15:00:00",
        "covariates: temp, wx",
    } <= set(out.splitlines())
    weights = LSTMForecaster.load(trained / "covariates.nlstm").model_.get_weights()
    assert f"weights: {sum(array.size for array in weights)}" in out
    assert "│ lstm" in out


def test_series_by_name_gaps_and_decimal_commas(tmp_path, run):
    lines = [row.replace(",", ";").replace(";a", ";0,5").replace(";b", ";1,5") for row in rows(60)]
    long = [f"{line[: line.rindex(';')]};{name}" for name in ("north", "south") for line in lines]
    del long[20:23]
    data = write(tmp_path / "long.csv", [line.replace(";3;", ";3,5;") for line in long], "ts;y;temp;place", "utf-16")
    dialect = ["--delimiter", ";", "--decimal", ",", "--encoding", "utf-16"]
    options = ["--series", "place", "--past-covariates", "temp", "--gaps", "mask", "--save", tmp_path / "m.nlstm"]
    code, out, err = run("train", data, *SMALL, *options, *dialect)
    assert (code, err) == (0, "")
    assert cells(out)["series"] == ["2", ""]
    _, out, _ = run("forecast", tmp_path / "m.nlstm")
    assert [line.partition(",")[0] for line in out.splitlines()] == ["place"] + 4 * ["north"] + 4 * ["south"]


def test_without_a_validation_all_rows_train_and_the_picture_has_the_future(tmp_path, run):
    pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'numba_lstm[plot]'")
    data = write(tmp_path / "d.csv", rows(40))
    code, out, _ = run("train", data, *SMALL, "--validation", "0", "--verbose", "--plot", tmp_path / "f.png")
    assert code == 0
    assert "Epoch 1/1" in out
    assert "MAE" not in out
    assert (tmp_path / "f.png").exists()


def test_parquet_is_read(tmp_path, run, trained):
    pytest.importorskip("pyarrow", reason="needs pyarrow: pip install pyarrow")
    frame = pd.read_csv(trained / "d.csv", parse_dates=["ts"])
    frame.to_parquet(tmp_path / "d.parquet")
    _, expected, _ = run("train", trained / "d.csv", *SMALL)
    code, out, _ = run("train", tmp_path / "d.parquet", *SMALL)
    assert (code, cells(out)["MAE"]) == (0, cells(expected)["MAE"])


def test_times_with_several_distances_from_utc_become_utc(tmp_path, run):
    zones = ["+01:00" if k < 20 else "+02:00" for k in range(40)]  # the clock goes forward by an hour
    clock = [k + (k >= 20) for k in range(40)]
    lines = [f"2024-03-{1 + k // 24:02}T{k % 24:02}:00{zone},{k % 12}" for k, zone in zip(clock, zones, strict=True)]
    code, out, err = run("train", write(tmp_path / "d.csv", lines, "ts,y"), *SMALL)
    assert (code, err) == (0, "")
    assert cells(out)["first time"][0] == "2024-02-29 23:00:00+00:00"


def test_day_and_month_are_told_by_the_order(tmp_path, run):
    lines = [f"{k:02}.01.2024,{k}" for k in range(1, 32)]
    code, out, _ = run("train", write(tmp_path / "d.csv", lines, "ts,y"), *SMALL)
    assert (code, cells(out)["last time"][0]) == (0, "2024-01-31 00:00:00")


def test_seasons_follow_the_step():
    steps = {"30min": 48, "h": 24, "D": 7, "W": 52, "MS": 12, "YS": 1}
    assert {freq: scores.season_of(pd.date_range("2024-01-01", periods=30, freq=freq)) for freq in steps} == steps


def test_the_seasonal_naive_forecast_is_the_last_known_value_of_the_season():
    index = pd.date_range("2024-01-01", periods=10, freq="h")
    frame = pd.DataFrame({"series": "y", "cutoff": index[5], "step": [1, 2, 3, 4, 5]})
    track = {"y": Track(index, np.arange(10.0))}
    assert list(scores.seasonal_naive(frame, track, 3)) == [3, 4, 5, 3, 4]
    assert list(scores.seasonal_naive(frame, track, 24)) == [5] * 5


def test_the_pinball_loss_weighs_errors_by_their_side():
    assert scores.pinball(np.array([1.0]), np.array([[0.0, 3.0]]), (0.1, 0.9)) == pytest.approx((0.1 + 0.2) / 2)


def test_the_entry_point_of_the_process(tmp_path):
    data = write(tmp_path / "d.csv", rows(40))
    command = [sys.executable, "-m", "numba_lstm", "train", str(data), *SMALL]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "NUMBA_LSTM_DEVICE": "reference"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "MAE" in done.stdout


def test_an_interrupt_ends_with_130_and_no_traceback(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(__main__, "main", interrupted)
    with pytest.raises(SystemExit) as end:
        __main__.run()
    assert end.value.code == 130
    assert capsys.readouterr().err == ""


def test_the_parser_knows_the_gaps_of_forecasters():
    from numba_lstm.commands import parsers
    from numba_lstm.forecasting.tables import targets

    assert parsers.GAPS == targets.GAPS
