"""Command line, ``python -m numba_lstm`` or ``numba-lstm``: the demo, examples, forecasts, model files."""

import sys

from .system.interrupts import INTERRUPTED, restore

COMMANDS = """\
commands:
  (none)           learn Seattle's weather and forecast tomorrow's maximum temperature, with the options below
  example NAME     run an example on real data, such as language; without NAME: list them
  train FILE       train a forecaster on a CSV file, with --target, --time and --horizon
  forecast MODEL   write what follows, as CSV
  evaluate MODEL FILE  print errors of forecasts beside those of the seasonal naive forecast
  benchmark        time this machine beside the table in README.md
  convert IN OUT   write the model in file IN in another format
  info FILE        say what a file of a model holds
  export MODEL     write the model as a C library, with --out FOLDER
  -h, --help       show this text; of a command: python -m numba_lstm convert --help
"""


def main(arguments: list[str]) -> int:
    """Run the command of the first argument, or the demo, and return its exit code."""
    command = arguments[0] if arguments else ""
    if command in ("convert", "info"):
        from .interop.command import main as run_command

        return run_command(arguments)
    if command == "example":
        from .examples.command import main as run_example

        return run_example(arguments[1:])
    if command == "export":
        from .export.command import main as run_export

        return run_export(arguments[1:])
    if command in ("train", "forecast", "evaluate", "benchmark"):
        from .commands.command import main as run_on_tables

        return run_on_tables(arguments)
    if command and not command.startswith("-"):
        print(f"python -m numba_lstm: there is no command {command!r}.\n\n{COMMANDS}", end="", file=sys.stderr)
        return 2
    from .demo.command import main as run_demo

    return run_demo(arguments, COMMANDS)


def run() -> None:
    """Run the command line of the process, and exit with its code."""
    try:
        restore()
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    run()
