"""What PyInstaller cannot see: devices are imported by name, and the package reads a data set and its own version."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

#: Packages that nothing imports by name, and that bring pandas, scikit-learn or Matplotlib where a program imports them.
LEFT_OUT = ("_pyinstaller", "commands", "examples", "forecasting", "plotting", "sklearn")

hiddenimports = collect_submodules("numba_lstm", filter=lambda name: name.split(".")[1:2] not in [[left] for left in LEFT_OUT])
datas = collect_data_files("numba_lstm")
