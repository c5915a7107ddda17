"""The example of docs/forecasting.md runs, and makes a picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")
pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'numba_lstm[plot]'")

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd

PAGE = Path(__file__).resolve().parents[2] / "docs" / "forecasting.md"


def test_the_example_of_the_page_runs(tmp_path, monkeypatch, capsys):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    example, over_time, scores = blocks
    names: dict[str, object] = {}
    exec(example, names)
    plt.close("all")
    assert (tmp_path / "forecast.png").exists()
    assert "2016-01-14" in capsys.readouterr().out
    y, forecaster = names["y"], names["forecaster"]
    later = y.iloc[-40:].set_axis(y.index[-40:].shift(40, "D"))
    names |= {"y_with_later_rows": pd.concat([y, later]), "new_rows": later}
    exec(over_time, names)
    exec(scores, names)
    assert names["ours"]["time"].equals(names["naive"]["time"])
    assert (forecaster.predict().index[0] - later.index[-1]).days == 1
