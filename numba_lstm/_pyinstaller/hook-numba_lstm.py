"""What PyInstaller cannot see: devices are imported by name, and the package reads a data set and its own version."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

hiddenimports = collect_submodules("numba_lstm", filter=lambda name: "_pyinstaller" not in name)
datas = collect_data_files("numba_lstm")
