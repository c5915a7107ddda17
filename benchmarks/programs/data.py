"""Synthetic data of the form of what programs read: files, downloads, and packages of market data."""

from __future__ import annotations

import builtins
import codecs
import glob
import io
import os
import re
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ["the", "of", "and", "to", "in", "a", "is", "that", "it", "was", "for", "on", "are", "as", "with", "his", "they", "be"]
SALES = (
    "month:5,day:7,target,sales,bid,opp_cpc,meanImpr,totImpr,meanClicks,sumClicks,meanCost,sumCost,avg_cpc,top_pos_share,impr_share,"
    "outbid_ratio,beat,meet,lose,unavailability,meanPotential,sumPotential,meanBookings,sumBookings,opp_diff,ctr"
)
MARKET = "Date:date,Open,High,Low,Close,Adj Close,Volume"
CLIMATE = (
    "Date Time:climate,p (mbar),T (degC),Tpot (K),Tdew (degC),rh (%),VPmax (mbar),VPact (mbar),VPdef (mbar),sh (g/kg),"
    "H2OC (mmol/mol),rho (g/m**3),wv (m/s),max. wv (m/s),wd (deg)"
)


def rows(columns: str, count: int = 600, sep: str = ",", header: bool = True) -> Callable[[Path], None]:
    """Make a writer of tables: columns "Date:date,Close,label:6", real numbers where no kind is given."""
    return lambda path: frame(columns, count).to_csv(path, index=False, sep=sep, header=header, float_format="%.3f")


def frame(columns: str, count: int = 600) -> Any:
    import pandas as pd  # noqa: PLC0415  # of the program's environment

    rng = np.random.default_rng(0)
    kinds: dict[str, Callable[[], Any]] = {
        "number": lambda: np.abs(100 + np.cumsum(rng.normal(size=count))),
        "count": lambda: np.arange(count) // 200 + 1,
        "cycle": lambda: np.arange(count) % 200 + 1,
        "date": lambda: pd.date_range("2015-01-01", periods=count).strftime("%Y-%m-%d"),
        "month": lambda: pd.date_range("1949-01-01", periods=count, freq="MS").strftime("%Y-%m"),
        "climate": lambda: pd.date_range("2009-01-01", periods=count, freq="10min").strftime("%d.%m.%Y %H:%M:%S"),
        "binary": lambda: rng.integers(0, 2, count),
        "ham": lambda: rng.choice(["ham", "spam"], count),
        "text": lambda: [" ".join(rng.choice(WORDS, 10)) for _ in range(count)],
    }
    named = [[*column.split(":"), "number"][:2] for column in columns.split(",")]
    return pd.DataFrame(
        {name: kinds[kind]() if kind in kinds else rng.integers(1, int(kind) + 1, count) for name, kind in named}
    )


def text(path: Path, lines: int = 400) -> None:
    rng = np.random.default_rng(0)
    path.write_text("\n".join(" ".join(rng.choice(WORDS, 12)) + "." for _ in range(lines)))


def pairs(note: bool) -> Callable[[Path], None]:
    """Make a writer of sentences of two languages with a tab between them, and with a note of their source or without."""
    rng = np.random.default_rng(0)
    columns = [[" ".join(rng.choice(WORDS, count)) for _ in range(700)] for count in (4, 5)]
    lines = ["\t".join([*pair, "note"][: 2 + note]) + "\n" for pair in zip(*columns, strict=True)]
    return lambda path: path.write_text("".join(lines * 15)) and None


def vectors(size: int) -> Callable[[Path], None]:
    """Make a writer of word vectors in the form of GloVe."""
    rng = np.random.default_rng(0)
    return lambda path: path.write_text("".join(f"{w} {' '.join(f'{v:.3f}' for v in rng.normal(size=size))}\n" for w in WORDS))


def reviews(folder: Path) -> None:
    """Write the folders of the reviews of IMDB."""
    for part in ("train/pos", "train/neg", "test/pos", "test/neg"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for i in range(60):
            text(folder / part / f"{i}_{i % 10}.txt", 3)


def archive(member: str, content: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        inner = made(content, path.parent)
        assert inner is not None
        with zipfile.ZipFile(path, "w") as file:
            file.write(inner, member)

    return write


#: Pattern of a file's name -> what writes it.
FILES: dict[str, Callable[[Path], None]] = {
    r"jena_climate_2009_2016\.csv\.zip": archive("jena_climate_2009_2016.csv", "jena_climate_2009_2016.csv"),
    r"jena_climate_2009_2016\.csv": rows(CLIMATE, 305_000),
    r"fra-eng\.zip|spa-eng\.zip": archive("fra.txt", "noted.txt"),
    r"fra\.txt|spa\.txt|cmn\.txt": pairs(note=False),
    r"noted\.txt": pairs(note=True),
    r"glove\.6B\.(\d+)d\.txt": vectors(100),
    r"international-airline-passengers\.csv|AirPassengers\.csv|airline-passengers\.csv": rows("Month:month,Passengers", 144),
    r"shampoo.*\.csv": rows("Month:month,Sales", 36),
    r"processminer.*\.csv": rows("time:climate,y:binary," + ",".join(f"x{i}" for i in range(1, 62)), 1000),
    r"salesDataByDay\.csv": rows(SALES, 400, ";"),
    r"(train|valid)-data\.tsv": rows("label:ham,text:text", 300, "\t"),
    r"(total_acc|body_acc|body_gyro)_[xyz]_(train|test)\.txt": rows(",".join(f"c{i}" for i in range(128)), 128, " ", False),
    r"y_(train|test)\.txt": rows("label:6", 128, header=False),
    r"Delhi_AQI_Dataset\.csv|Air_Quality_Forecasting\.csv": rows(
        "Date:date,PM2.5,PM10,NO,NO2,NOx,NH3,CO,SO2,O3,Benzene,Toluene,Xylene,AQI", 400
    ),
    r"PM_(train|test)\.txt": rows("id:count,cycle:cycle," + ",".join(f"s{i}" for i in range(26)), 1000, " ", False),
    r"keras_lstm_lotto_data\.csv": rows(",".join(f"n{i}:45" for i in range(8)), 968, ",", False),
    r".*(stock|price|TSMC|MSFT|NSE|history|bitcoin|btc).*\.csv": rows(MARKET),
    r".*(nietzsche|wonderland|alice|shakespeare|moby|sonnet|input|corpus).*\.txt|CPRFD10\.TXT|posts_.*": text,
}


def made(name: str, folder: Path) -> Path | None:
    """Return a file of this name in a folder, made if it must be, or None where its form is not known."""
    path = folder / name
    if not path.exists():
        write = next((write for pattern, write in FILES.items() if re.fullmatch(pattern, name, re.I)), None)
        if write is None:
            return None
        write(path)
    return path


def opener(function: Any, downloads: Path) -> Any:
    """Return a function of a path and more that takes a file of synthetic data where there is none."""

    def with_data(path: Any, *args: Any, **options: Any) -> Any:
        mode = options.get("mode", args[0] if args and isinstance(args[0], str) else "r")
        reads = isinstance(path, (str, Path)) and not (set(mode) & set("wax+") and function.__name__ == "open")
        if reads and not os.path.exists(path):
            path = made(re.split(r"[/\\]", str(path).split("?")[0])[-1], downloads) or path
        return function(path, *args, **options)

    with_data.__name__ = function.__name__
    return with_data


def market(*args: Any, **options: Any) -> Any:
    data = frame(MARKET)
    return data.set_index(data["Date"].astype("datetime64[ns]")).drop(columns="Date")


def install(engine: Any, downloads: Path) -> None:
    """Replace missing files, downloads, and packages of market data by synthetic data."""
    import pandas  # noqa: PLC0415

    builtins.open = io.open = opener(open, downloads)
    for module, name in ((codecs, "open"), (pandas, "read_csv"), (np, "loadtxt"), (np, "genfromtxt")):
        setattr(module, name, opener(getattr(module, name), downloads))
    found = glob.glob
    glob.glob = lambda *args, **options: found(*args, **options)[:3]  # a corpus of a few files
    reviews(downloads / "aclImdb")

    def get_file(fname: Any = None, origin: str = "", *args: Any, **options: Any) -> str:
        names = [Path(str(part)).name for part in (fname, origin) if part]
        path = next((path for path in (made(name, downloads) for name in names) if path), None)
        if path is None:
            raise FileNotFoundError(f"{names}: no synthetic data of this form")
        if options.get("extract") or options.get("untar"):
            with zipfile.ZipFile(path) as file:
                file.extractall(downloads)
        return str(path)

    engine.utils.get_file = get_file
    rng = np.random.default_rng(0)
    for name, classes in (("imdb", 2), ("reuters", 46)):

        def load(*args: Any, num_words: int | None = None, classes: int = classes, **options: Any) -> Any:
            words = int(num_words or 2000)

            def part() -> Any:
                texts = np.empty(256, dtype=object)
                for i in range(256):
                    texts[i] = rng.integers(1, words, rng.integers(10, 60)).tolist()
                return texts, rng.integers(0, classes, 256)

            return part(), part()

        module = getattr(engine.datasets, name)
        module.load_data = load
        module.get_word_index = lambda *args, **options: {word: i + 1 for i, word in enumerate(WORDS)}

    def images() -> Any:
        return rng.integers(0, 256, (256, 28, 28)).astype("uint8"), rng.integers(0, 10, 256)

    engine.datasets.mnist.load_data = lambda *args, **options: (images(), images())
    for name in ("yfinance", "pandas_datareader", "pandas_datareader.data", "quandl"):
        sys.modules[name] = stand_in = types.ModuleType(name)
        vars(stand_in).update(download=market, DataReader=market, get=market, get_data_yahoo=market, pdr_override=lambda: None)
    vars(sys.modules["pandas_datareader"])["data"] = sys.modules["pandas_datareader.data"]
    builtins.input = lambda prompt="": "1"  # type: ignore[assignment]
    vars(builtins)["display"] = print
